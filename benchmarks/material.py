"""The test material that most benchmarks paint; it is not part of the project."""

import os
import sys
from pathlib import Path

SHARED = Path(os.environ.get("SHARED", Path(__file__).parents[2] / "shared"))


def need(folder: Path = SHARED) -> None:
    """End the process with a line unless this folder is there."""
    if not folder.is_dir():
        sys.exit(f"{folder}: no such folder; give the test material's folder as SHARED=...")
