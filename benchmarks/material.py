"""Paths of the test material (SHARED, not part of the project), the demo, and the results."""

import os
import sys
from pathlib import Path

SHARED = Path(os.environ.get("SHARED", Path(__file__).parents[2] / "shared"))
DEMO = Path(__file__).parents[1] / "demo"
RESULTS = Path(__file__).parent / "results"


def need(folder: Path = SHARED) -> None:
    """Exit with a message if the folder does not exist."""
    if not folder.is_dir():
        sys.exit(f"{folder}: no such folder; give the test material's folder as SHARED=...")
