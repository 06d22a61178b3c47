"""Where benchmarks find the test material, which is no part of the project, and leave results."""

import os
import sys
from pathlib import Path

SHARED = Path(os.environ.get("SHARED", Path(__file__).parents[2] / "shared"))
DEMO = Path(__file__).parents[1] / "demo"
RESULTS = Path(__file__).parent / "results"


def need(folder: Path = SHARED) -> None:
    """End the process with a line unless this folder is there."""
    if not folder.is_dir():
        sys.exit(f"{folder}: no such folder; give the test material's folder as SHARED=...")
