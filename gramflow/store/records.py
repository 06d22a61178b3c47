"""What jobs leave behind beside frames and films: records of painted parts, and certificates.

Both are data about files, by which a later run knows whether the files are still as they were made.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gramflow.base.files import Document


@dataclass(frozen=True)
class Record(Document):
    """What a painting job did.

    claim: digest of the keys of its frames (see plan.Job).
    weights: what the network's weights turned out to be.
    frames: per frame its number, key, the bytes of its file, whether it was in the store before
        (reused), evaluations, losses (pairs of evaluations made and lowest loss so far, at the
        whole size), terms (the loss terms, unweighted, at the lowest loss) and seconds.
    """

    claim: str
    render: str
    weights: dict[str, Any]
    frames: list[dict[str, Any]]

    @property
    def sizes(self) -> dict[str, int]:
        """The bytes of every frame's file, by key."""
        return {frame["key"]: frame["bytes"] for frame in self.frames}


def load_all(paths: Iterable[str]) -> list[Record]:
    """The records in these files, in the files' order."""
    return [Record.load(Path(path)) for path in paths]


@dataclass(frozen=True)
class Certificate(Document):
    """By what the files of a product (a film, a report) were made, and what they were then.

    claim: digest of everything the product depends on.
    sizes, digests: bytes and SHA-256 of each file, by its path in the project.
    """

    claim: str
    sizes: dict[str, int]
    digests: dict[str, str]

    @classmethod
    def of(cls, claim: str, files: Mapping[str, Path]) -> "Certificate":
        """For files as they are now: where each can be read, by its path in the project."""
        digests = {name: file_digest(path) for name, path in files.items()}
        return cls(claim, {name: path.stat().st_size for name, path in files.items()}, digests)

    def holds(self, claim: str, sizes: Mapping[str, int]) -> bool:
        """Whether files of these sizes, by path, can be those that the claim is about."""
        return self.claim == claim and self.sizes == sizes


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
