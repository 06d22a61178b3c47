"""Metadata that jobs write: records of painted parts, and certificates of products.

Both describe files, so that a later run can check that the files have not changed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gramflow.base.files import Document, file_digest, file_size


@dataclass(frozen=True)
class Record(Document):
    """Record of a painting job.

    claim: digest of the keys of its frames (see `gramflow.film.plan.Job`).
    render: the render's name.
    weights: the fields of `Weights`.
    frames: for each frame a mapping:
        frame: number in the video. key: key of the painted frame. bytes: size of its file.
        reused: whether it was in the store before.
        backend: what computed it, by the name that KERAS_BACKEND has for it.
        evaluations, losses, terms: see `gramflow.engine.stylizers.Painted`; so is
        troubles, which is missing where there were none.
        seconds: duration of painting.
    """

    claim: str
    render: str
    weights: dict[str, Any]
    frames: list[dict[str, Any]]

    @property
    def sizes(self) -> dict[str, int]:
        """Size in bytes of every frame's file, by key."""
        return {frame["key"]: frame["bytes"] for frame in self.frames}


def load_all(paths: Iterable[str]) -> list[Record]:
    """Load several records, in the order of the paths."""
    return [Record.load(Path(path)) for path in paths]


@dataclass(frozen=True)
class Certificate(Document):
    """States what a product (film, plot or report) was made from, and the contents of its files.

    claim: digest of everything that the product depends on.
    sizes, digests: bytes and SHA-256 of each file, by its path in the project.
    """

    claim: str
    sizes: dict[str, int]
    digests: dict[str, str]

    @classmethod
    def of(cls, claim: str, files: Mapping[str, Path]) -> "Certificate":
        """Certify files as they are now. files: path to read from, by the path in the project."""
        digests = {name: file_digest(path) for name, path in files.items()}
        return cls(claim, {name: file_size(path) for name, path in files.items()}, digests)

    def holds(self, claim: str, sizes: Mapping[str, int]) -> bool:
        """Whether the certificate is for this claim and for files of these sizes.

        sizes: bytes, by path in the project.
        """
        return self.claim == claim and self.sizes == sizes
