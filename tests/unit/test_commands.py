"""The command `gramflow`: files that cannot be taken are one line each; its page is current."""

from pathlib import Path

import pytest

from gramflow.commands import docs
from gramflow.commands.main import COMMANDS, main


def complaint(path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """The one line by which the config file is refused."""
    assert main(["plugins", "--configfile", str(path)]) == 2
    shown = capsys.readouterr()
    assert not shown.out
    assert len(shown.err.splitlines()) == 1
    assert shown.err.startswith(f"ERROR: {path}")
    return shown.err


def test_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "Is a directory" in complaint(tmp_path, capsys)


def test_below_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert "no such file" in complaint(tmp_path / "file" / "config.yaml", capsys)


def test_one_that_may_not_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As any user but root meets it."""

    def forbidden(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "config.yaml").touch()
    monkeypatch.setattr(Path, "read_text", forbidden)
    assert "Permission denied" in complaint(tmp_path / "config.yaml", capsys)


def test_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "no such file" in complaint(tmp_path / "config.yaml", capsys)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"videos: [", b"a: \x00"])
def test_no_yaml(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(content)
    assert "is not" in complaint(path, capsys)


def test_the_page_of_the_commands_is_current() -> None:
    written = (Path(__file__).parents[2] / "docs/commands.md").read_text()
    assert written == docs.page(), "run: make docs"
    assert all(f"\n## gramflow {name}\n" in written for name in COMMANDS)
