"""Make a project folder: config.yaml with comments, the demo's film and styles, a profile.

Films then are painted there by `gramflow run`, or by `snakemake`.
"""

import argparse
import shutil
from pathlib import Path
from shlex import quote

from gramflow.base.errors import GramflowError
from gramflow.base.files import workflow_folder

TEMPLATE = Path(__file__).parent / "project"
"""The files of a new project that are its own."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommand's arguments."""
    parser.add_argument("folder", type=Path, nargs="?", default=Path(), help="default: this folder")


def run(folder: Path) -> None:
    """Write the files. Raises GramflowError if one of them is there: nothing is replaced."""
    source = workflow_folder()
    files = {Path(file.name): file for file in sorted(TEMPLATE.iterdir())}
    files[Path("profiles/default/config.yaml")] = source / "profiles/default/config.yaml"
    files[Path("input/seaside.mp4")] = source / "demo/seaside.mp4"
    for style in sorted((source / "demo/styles").iterdir()):
        files[Path("styles", style.name)] = style
    for name in files:
        if (folder / name).exists():
            raise GramflowError(f"{folder / name}: is there already; give another folder")
    try:
        for name, file in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, folder / name)
    except OSError as error:
        raise GramflowError(
            f"{error.filename}: cannot be written ({error.strerror}); give another folder"
        ) from error
    inside = "" if folder == Path() else f"cd {quote(str(folder))} && "
    print(f"{folder / 'config.yaml'}: name your films and styles there, then: {inside}gramflow run")
