"""How much of a file is read. A small file can stand for far more memory than a machine has."""

MOST_PIXELS = 1 << 27
"""Pixels of a given picture, or of a given film's frame, that are decoded: 134 million, as many as a
frame of 16K film (15360 x 8640) has. A larger one is refused by its header, before memory is taken
for it. As floats these are 1.5 GiB."""

MOST_BYTES = 1 << 31
"""Bytes of a file that is read as a whole: a picture, or a network. 2 GiB, which is also the most
that an ONNX file can hold; of an .h5 file, the bytes of all its arrays together."""
