"""Films and numbers by every Keras backend: `make test-backends`."""
