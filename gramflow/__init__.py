"""Gram-loss style transfer for video: the package behind the Snakemake workflow."""

import os

# Keras reads it once, when first imported, and whoever imports Keras here has passed this line.
# Without it ~/.keras/keras.json may choose a backend that the engine is not written for.
os.environ["KERAS_BACKEND"] = "tensorflow"

ENGINE_VERSION = 10
"""Raised whenever the same settings would paint other pixels; part of every frame's key."""
