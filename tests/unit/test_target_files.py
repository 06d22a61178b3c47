"""Targets on the disk."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from gramflow.base.errors import GramflowError
from gramflow.engine.targets import flattened
from gramflow.painting.targets import load_targets
from gramflow.store.arrays import save_arrays
from gramflow.store.checks import is_whole_archive

TARGETS = {32: {"gram": {"conv": np.ones((8, 8), np.float32)}}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    save_arrays(tmp_path / "targets.npz", flattened(TARGETS))
    return tmp_path / "targets.npz"


def test_whole_targets_stay(path: Path) -> None:
    assert is_whole_archive(path)
    assert (load_targets(path)[32]["gram"]["conv"] == 1).all()


def changed(data: bytes) -> bytes:
    """One byte of an array is another one."""
    return data.replace(np.float32(1).tobytes(), np.float32(2).tobytes(), 1)


@pytest.mark.parametrize("kind", ["emptied", "cut", "text", "changed"])
def test_damaged_targets_are_noticed(path: Path, kind: str) -> None:
    """Before a run, which makes them again, and in a job, whose error is one line."""
    data = path.read_bytes()
    kinds = {
        "emptied": b"",
        "cut": data[: len(data) // 2],
        "text": b"Dear",
        "changed": changed(data),
    }
    path.write_bytes(kinds[kind])
    with pytest.raises(GramflowError, match=r"targets\.npz: damaged; delete it and run again$"):
        load_targets(path)
    assert not is_whole_archive(path)
    assert list(path.parent.iterdir()) == [path] and path.read_bytes() == kinds[kind]


class Touching:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


def test_no_pickled_object_is_read(path: Path, tmp_path: Path) -> None:
    np.savez(path, allow_pickle=True, conv=np.array([Touching(tmp_path / "pwned")]))
    with pytest.raises(GramflowError, match="damaged; delete it"):
        load_targets(path)
    path.write_bytes(pickle.dumps(Touching(tmp_path / "pwned")))
    with pytest.raises(GramflowError, match="damaged; delete it"):
        load_targets(path)
    assert not (tmp_path / "pwned").exists()
