"""Gram-loss style transfer for video: the package behind the Snakemake workflow."""

ENGINE_VERSION = 1
"""Raised whenever the same settings would paint other pixels; part of every frame's key."""
