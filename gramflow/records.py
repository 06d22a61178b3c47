"""The record of a painted part: its frames' keys and how each came about."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from gramflow.files import read_json, write_json
from gramflow.manifest import Manifest
from gramflow.store import Store


@dataclass(frozen=True)
class Record:
    """What a part's job leaves behind.

    claim: digest of everything the part depends on (see recipes.Plan).
    weights: what the network's weights turned out to be.
    frames: per frame its number, key, whether it was in the store before (reused), evaluations,
        losses (pairs of evaluations made and lowest loss so far, at the whole size), terms (the
        loss terms, unweighted, at the lowest loss) and seconds.
    """

    claim: str
    render: str
    weights: dict[str, Any]
    frames: list[dict[str, Any]]

    @property
    def keys(self) -> list[str]:
        """The keys of the painted frames, in order."""
        return [frame["key"] for frame in self.frames]

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        write_json(path, asdict(self))

    @classmethod
    def load(cls, path: Path) -> "Record":
        """Read what `save` wrote. Raises ValueError when it is damaged."""
        try:
            return cls(**read_json(path))
        except TypeError as error:
            raise ValueError(f"{path} is no record") from error


def load_all(paths: Iterable[str]) -> list[Record]:
    """The records in these files, in the files' order."""
    return [Record.load(Path(path)) for path in paths]


def keys_in(paths: Iterable[str]) -> list[str]:
    """The keys of the painted frames of all these records, in order."""
    return [key for record in load_all(paths) for key in record.keys]


def set_aside_unless_true(path: Path, claim: str, painted: Store) -> None:
    """Rename a record that claims something else, or of which a frame is missing in the store.

    Snakemake then makes it again. Renamed, not deleted: also a dry run comes here.
    """
    try:
        record = Record.load(path)
    except FileNotFoundError:
        return
    except ValueError:
        _set_aside(path)
        return
    if record.claim != claim or not all(key in painted for key in record.keys):
        _set_aside(path)


def set_aside_unless_complete(path: Path, settings: str, frames: Store) -> None:
    """The same for a manifest by other settings, or of which a frame is missing in the store."""
    if not path.is_file():
        return
    manifest = Manifest.load(path)
    if manifest.settings != settings or not all(key in frames for key in set(manifest.frames)):
        _set_aside(path)


def set_aside_unless_by(path: Path, settings: str) -> None:
    """The same for any file that tells by which settings it was made."""
    if path.is_file() and read_json(path).get("settings") != settings:
        _set_aside(path)


def set_aside_unless_whole(path: Path) -> None:
    """The same for an .npz file of which a part is missing or damaged."""
    if not path.is_file():
        return
    try:
        with ZipFile(path) as file:
            damaged = file.testzip() is not None
    except (BadZipFile, EOFError, OSError):
        damaged = True
    if damaged:
        _set_aside(path)


def _set_aside(path: Path) -> None:
    path.replace(path.with_suffix(f".stale{path.suffix}"))
