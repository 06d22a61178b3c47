"""The command `gramflow` with config files that cannot be taken: one line each."""

from pathlib import Path

import pytest

from gramflow.commands.main import main


def complaint(path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """The one line by which the config file is refused."""
    assert main(["plugins", "--configfile", str(path)]) == 2
    shown = capsys.readouterr()
    assert not shown.out
    assert len(shown.err.splitlines()) == 1
    assert shown.err.startswith(f"ERROR: {path}: ")
    return shown.err


def test_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "Is a directory" in complaint(tmp_path, capsys)


def test_below_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert "Not a directory" in complaint(tmp_path / "file" / "config.yaml", capsys)


def test_one_that_may_not_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As any user but root meets it."""

    def forbidden(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", forbidden)
    assert "Permission denied" in complaint(tmp_path / "config.yaml", capsys)


def test_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no such file" in complaint(tmp_path / "config.yaml", capsys)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"videos: [", b"a: \x00"])
def test_no_yaml(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(content)
    assert "not YAML" in complaint(path, capsys)
