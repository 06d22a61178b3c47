"""The numerical core: networks, loss terms, optimizers, stylizers, optical flow.

Reads and writes no files, except that weights and flow networks are loaded from files.
"""
