"""Does a small draft predict the full-size frame? `python -m benchmarks.preview [width [evals]]`.

Paints the first frame of room.avi in the style of The Starry Night with VGG-19: as a draft at a
quarter of the width, at the full width alone, and coarse to fine from the draft's width on. Prints
the correlation of the changes by painting, at the draft's size, between the draft and each full
frame: 1 if the draft predicts all of them. Prints Markdown; the pictures are written to
benchmarks/results/.
"""

import sys
from typing import Any

import cv2
import numpy as np

from benchmarks.material import RESULTS, need
from benchmarks.problems import config_of, room, stylizer_of, weights_of
from gramflow.base.arrays import Picture
from gramflow.engine.backend import prepare
from gramflow.media.pictures import resize

NETWORK = "vgg19"


def painted(frame: Picture, **look: Any) -> tuple[Picture, float]:
    """Paint a frame by the standard look with these changes; return the picture and its loss."""
    height, width = frame.shape[:2]
    config = config_of("night", {"width": width, "height": height, **look}, NETWORK)
    result = stylizer_of(config).paint(frame, {}, 0, lambda _: None)
    return result.picture, result.losses[-1][1]


def main(width: int = 640, evaluations: int = 60) -> None:
    """Print the table row by row and write the pictures."""
    need()
    prepare(2)
    size, small = (width, width * 3 // 4), (width // 4, width * 3 // 16)
    frame = resize(room(1)[0], *size)
    shrunk = resize(frame, *small)
    draft, _ = painted(shrunk, evaluations=evaluations, coarsest=None)
    print(f"{size[0]}x{size[1]}, {NETWORK}, weights: {weights_of(NETWORK).source}.\n")
    print("| painted | correlation with the draft | loss |")
    print("| --- | --- | --- |", flush=True)
    pictures = [resize(draft, *size)]
    for name, coarsest in (("at its width alone", None), ("from the draft's width on", small[0])):
        picture, loss = painted(frame, evaluations=evaluations, coarsest=coarsest)
        changes = [(one - shrunk).ravel() for one in (draft, resize(picture, *small))]
        print(f"| {name} | {np.corrcoef(changes)[0, 1]:.3f} | {loss:.4g} |", flush=True)
        pictures.append(picture)
    RESULTS.mkdir(exist_ok=True)
    beside = np.rint(255 * np.hstack(pictures)).astype(np.uint8)
    cv2.imwrite(str(RESULTS / "preview.jpg"), beside[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
