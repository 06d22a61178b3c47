"""Whether this version paints the same pixels as the last one: `python -m benchmarks.same`.

Compares the film that `make demo` has painted with docs/pictures/demo.mp4, frame by frame. On the
kind of machine that made that film all must be equal to the last bit; another
kind sums in another order, which moves strokes a little.
"""

import sys

import numpy as np

from benchmarks.pictures import OUT, PAINTED, frames_of


def main() -> None:
    """Print what was found; exit with status 1 if there are differences."""
    if not PAINTED.is_file():
        sys.exit(f"{PAINTED}: no such film; run make demo first")
    painted, kept = frames_of(PAINTED), frames_of(OUT / "demo.mp4")
    if len(painted) != len(kept):
        sys.exit(f"{len(painted)} frames were painted, {len(kept)} are kept")
    differences = [
        np.abs(new.astype(int) - old).mean() for new, old in zip(painted, kept, strict=True)
    ]
    different = sum(difference > 0 for difference in differences)
    if different:
        mean = np.mean(differences)
        sys.exit(f"{different} of {len(kept)} frames differ, in the mean by {mean:.3g}/255")
    print(f"all {len(kept)} frames are the same")


if __name__ == "__main__":
    main()
