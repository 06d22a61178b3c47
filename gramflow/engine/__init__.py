"""The numerical core: networks, loss terms, optimizers, stylizers. Reads and writes no files,
except that Keras loads a weights file."""
