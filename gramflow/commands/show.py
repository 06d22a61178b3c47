"""Tell what a film or picture was painted by: look, style, weights and versions.

Reads the file's own metadata, which every film of a run and every PNG of `gramflow paint` has.
"""

import argparse
import json as _json
from pathlib import Path
from typing import Any

import yaml

from gramflow.base.errors import GramflowError
from gramflow.commands import options
from gramflow.media.encode import told_by
from gramflow.store.png import read_note


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommand's arguments."""
    parser.add_argument("film", type=Path, help="a film or folder of frames of results/, or a PNG")
    options.add_json(parser)


def run(film: Path, json: bool) -> None:
    """Print the description. Raises GramflowError for a file that has none."""
    if not film.exists():
        raise GramflowError(f"{film}: no such file; correct the path")
    values = _description(film)
    if json:
        options.print_json(values)
    else:
        print(yaml.safe_dump(values, sort_keys=False, allow_unicode=True), end="")


def _description(film: Path) -> dict[str, Any]:
    text = read_note(film) if film.suffix.lower() == ".png" else told_by(film)
    try:
        values = _json.loads(text)
        if "engine" in values:
            return values
    except (TypeError, ValueError):
        pass
    raise GramflowError(f"{film}: does not tell how it was made; give a film that gramflow made")
