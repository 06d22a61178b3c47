"""A config file that cannot be read, in a sentence that says where it is wrong."""

from pathlib import Path

import pytest

from gramflow.base.errors import GramflowError
from gramflow.settings.reading import read_config


def test_entries(tmp_path: Path):
    path = tmp_path / "config.yaml"
    path.write_text("videos: {ü: {path: x}}\n", encoding="utf-8")
    assert read_config(path) == {"videos": {"ü": {"path": "x"}}}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"videos:\n  clip: {path: x\nstyles:\n", ", line 3, column 7: is not YAML (expected"),
        (b"videos:\n\tclip: 1\n", ", line 2, column 1: is not YAML (found character"),
        (b"videos: \x01\n", ": is not YAML (unacceptable character"),
        (b"videos: \xff\n", ": is not text in UTF-8; save it as such"),
        (b"- a\n", ": holds no entries"),
        (b"", ": holds no entries"),
    ],
)
def test_what_is_wrong(tmp_path: Path, data: bytes, told: str):
    path = tmp_path / "config.yaml"
    path.write_bytes(data)
    with pytest.raises(GramflowError) as raised:
        read_config(path)
    assert str(raised.value).startswith(f"{path}{told}")
    assert "\n" not in str(raised.value)


def test_no_file(tmp_path: Path):
    with pytest.raises(GramflowError, match="cannot be read"):
        read_config(tmp_path)
