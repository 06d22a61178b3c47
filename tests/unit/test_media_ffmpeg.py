"""Which ffmpeg is run, tried with scripts that only say their version."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gramflow.base.errors import GramflowError
from gramflow.media.ffmpeg import binary


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """What was found before is forgotten, and what is found here is not kept."""
    binary.cache_clear()
    yield
    binary.cache_clear()


def says(path: Path, version: str, status: int = 0) -> str:
    """An ffmpeg that says its version, and counts how often it was asked in `asked`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    greeting = f"ffmpeg version {version} Copyright (c) 2000-2026 the FFmpeg developers"
    count = f"echo \"$@\" >> '{path.parent}/asked'"
    path.write_text(f"#!/bin/sh\n{count}\necho '{greeting}'\nexit {status}\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the system's ffmpeg would be."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path / "bin" / "ffmpeg"


@pytest.fixture
def bundled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the one of imageio-ffmpeg would be."""
    path = tmp_path / "bundled" / "ffmpeg"
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(path))
    return path


NEW = (
    "5.1",
    "5.1.9-0+deb12u1",
    "5.10",
    "7.0.2-static",
    "10.0",
    "n5.1.2",
    "n9.0.2-17-g2a57",
    "N-1234-gabc",
    "2025-01-02-git-0a1b2c3-full_build-www.gyan.dev",
)
OLD = ("4.4.2-0ubuntu0.22.04.1", "5.0.3", "n4.4", "n5.0-1-gabc", "0.8.17-4:0.8.17")


@pytest.mark.parametrize("version", NEW)
def test_a_new_one_of_the_system_is_preferred(system: Path, bundled: Path, version: str) -> None:
    says(bundled, "9.0")
    expected = says(system, version)
    assert binary() == expected


@pytest.mark.parametrize("version", OLD)
def test_an_old_one_of_the_system_is_not(system: Path, bundled: Path, version: str) -> None:
    says(system, version)
    expected = says(bundled, "9.0")
    assert binary() == expected


def test_the_real_bundled_one_is_new_enough(system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IMAGEIO_FFMPEG_EXE", raising=False)
    says(system, "4.4")
    assert "imageio_ffmpeg" in binary()


def test_a_broken_one_is_not(system: Path, bundled: Path) -> None:
    says(system, "9.0", status=127)
    expected = says(bundled, "9.0")
    assert binary() == expected


def test_something_else_of_that_name_is_not(system: Path, bundled: Path) -> None:
    says(system, "")
    system.write_bytes(b"no program")
    expected = says(bundled, "9.0")
    assert binary() == expected


@pytest.mark.parametrize("version", [None, "4.4"])
def test_neither(system: Path, bundled: Path, version: str | None) -> None:
    if version:
        says(system, version)
        says(bundled, version)
    with pytest.raises(GramflowError) as caught:
        binary()
    assert str(caught.value).startswith("ffmpeg: not found; install ffmpeg 5.1 or newer")
    assert len(str(caught.value).splitlines()) == 1


def test_it_is_asked_once(system: Path) -> None:
    says(system, "9.0")
    assert binary() == binary()
    assert (system.parent / "asked").read_text() == "-version\n"
