"""Arguments and output that several subcommands share."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

from gramflow.base.errors import GramflowError
from gramflow.settings.config import Config, load
from gramflow.settings.reading import read_config


def add_configfile(parser: argparse.ArgumentParser) -> None:
    """Add `--configfile`, read by `load_config`."""
    parser.add_argument(
        "--configfile",
        type=Path,
        default=Path("config.yaml"),
        metavar="FILE",
        help="default: %(default)s",
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add `--json`, for programs that read the output."""
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def add_changes(parser: argparse.ArgumentParser, example: str) -> None:
    """Add `--set`, read by `changes`. example: an assignment."""
    parser.add_argument(
        "--set",
        dest="assignments",
        action="append",
        default=[],
        metavar="SETTING=VALUE",
        help=f"change a setting of the look, such as {example}; can be repeated",
    )


def check_new(path: Path, suffix: str | Sequence[str], option: str) -> None:
    """Raise GramflowError unless a file can be written that is not there yet.

    suffix: what its name must end in, or several of which one is enough. option: names the path.
    """
    suffixes = [suffix] if isinstance(suffix, str) else suffix
    if path.suffix.lower() not in suffixes:
        raise GramflowError(f"{option} {path}: give a name that ends in {' or '.join(suffixes)}")
    if path.exists():
        raise GramflowError(f"{option} {path}: is there already; give another name")
    if not path.absolute().parent.is_dir():
        raise GramflowError(f"{option} {path}: its folder is not there; make it first")


def positive(text: str) -> int:
    """Parse a whole number of at least 1, as an argparse type."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def load_config(path: Path) -> Config:
    """Read and check a config file.

    Raises GramflowError, in one line, for a file that cannot be read or does not fit the schema.
    """
    return load(config_values(path))


def config_values(path: Path) -> dict[str, Any]:
    """Read a config file without checking its entries. Errors as of `load_config`.

    A file other than the project's config.yaml changes entries of that, as for Snakemake.
    """
    if not path.exists():
        raise GramflowError(
            f"{path}: no such file; run this beside it, give --configfile, or make a project by "
            "gramflow init"
        )
    values, project = read_config(path), Path("config.yaml")
    if project.is_file() and not path.samefile(project):
        from snakemake.utils import update_config

        # as Snakemake does: what --configfile names is laid over the project's own config
        values, changes = read_config(project), values
        update_config(values, changes)
    return values


def changes(assignments: list[str]) -> dict[str, Any]:
    """Turn assignments such as losses.gram.weight=30 into the nested mapping of a look's entry.

    Values are read as YAML. Raises GramflowError for text that is no assignment.
    """
    found: dict[str, Any] = {}
    for assignment in assignments:
        name, _, text = assignment.partition("=")
        place: Any = found
        *parents, last = name.split(".")
        for parent in parents:
            place = place.setdefault(parent, {}) if isinstance(place, dict) else None
        if not all((*parents, last, text)) or not isinstance(place, dict):
            raise GramflowError(
                f"--set {assignment}: give a setting and its value, such as losses.content.weight=6"
            )
        place[last] = value(text, assignment)
    return found


def value(text: str, whole: str) -> Any:
    """Read a setting's value as YAML. whole: the argument that it is a part of, for errors."""
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise GramflowError(f"{whole}: {text} is not YAML; put it in quotes") from error


def print_json(values: Mapping[str, Any]) -> None:
    """Print values as indented JSON."""
    print(json.dumps(values, indent=2))


def print_table(table: Table) -> None:
    """Print a table as wide as it needs, so that no name is cut; narrower on a terminal's width.

    Where a terminal is too narrow, cells are folded over several lines.
    """
    for column in table.columns:
        column.overflow = "fold"
    console = Console()
    if not console.is_terminal:
        console = Console(width=10_000, file=sys.stdout)
    console.print(table)
