"""Makes the bundled weights: `python -m gramflow.bundled vgg19_notop.h5`."""

import argparse
from pathlib import Path

import numpy as np

from gramflow.bundled import FILE, LAYERS, identity, quantised
from gramflow.engine.networks import VGG19, load_weights


def main() -> None:
    """Read an .h5 file of Keras's layout and replace the package's file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path, help="VGG-19's weights without top, an .h5 file")
    model = VGG19().architecture()
    load_weights(model, parser.parse_args().source)
    arrays = {
        name: array
        for layer in LAYERS
        for name, array in quantised(layer, *model.get_layer(layer).get_weights()).items()
    }
    with Path(str(FILE)).open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
    print(f"{FILE}: {Path(str(FILE)).stat().st_size} bytes, SHA-256 {identity()}")


if __name__ == "__main__":
    main()
