"""Which GPU a job gets, with pretended devices: only their names matter here."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gramflow.painting import gpus

HOLDER = """
import os, sys
from pathlib import Path
from gramflow.painting import gpus
with gpus.lent(print, Path(sys.argv[1])):
    print("has", os.environ["CUDA_VISIBLE_DEVICES"], flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def devices(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,GPU-b,2")


@pytest.fixture
def holder(tmp_path):
    """Starts processes that take a device each and keep it until their input ends."""
    started = []

    def start() -> subprocess.Popen[str]:
        command = [sys.executable, "-u", "-c", HOLDER, str(tmp_path)]
        pipe = subprocess.PIPE
        started.append(subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def device(process: subprocess.Popen[str]) -> str:
    """What a holder got, as soon as it has it."""
    for line in process.stdout:
        if line.startswith("has"):
            return line.split()[1]
    pytest.fail("no device")


def test_each_process_has_its_own_device(holder):
    assert sorted(device(process) for process in [holder() for _ in range(3)]) == sorted(
        ["0", "GPU-b", "2"]
    )


def test_a_process_waits_and_says_so_until_one_ends_or_is_killed(holder):
    first, second, third = (holder() for _ in range(3))
    had = {process: device(process) for process in (first, second, third)}
    waiting = holder()
    assert "all 3 GPUs are in use" in waiting.stdout.readline()
    second.kill()
    assert device(waiting) == had[second]
    another = holder()
    assert "all 3 GPUs are in use" in another.stdout.readline()
    first.stdin.close()
    assert device(another) == had[first]


def test_the_device_goes_back_after_an_error(tmp_path):
    for _ in range(4):
        with pytest.raises(BlockingIOError), gpus.lent(print, tmp_path):
            assert os.environ["CUDA_VISIBLE_DEVICES"] == "0"
            raise BlockingIOError
        os.environ["CUDA_VISIBLE_DEVICES"] = "0,1"


def test_another_users_lock_file_is_only_read(tmp_path):
    """Whoever may read it has no right to do more; root, who runs the tests, has."""
    lock = tmp_path / "gramflow-gpu-0.lock"
    lock.write_text("theirs")
    with gpus.lent(print, tmp_path):
        assert os.environ["CUDA_VISIBLE_DEVICES"] == "0"
    assert lock.read_text() == "theirs"


@pytest.mark.parametrize("chosen", ["", "-1", "3", "MIG-a"])
def test_a_choice_already_made_stays(chosen, tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
    with gpus.lent(pytest.fail, tmp_path):
        assert os.environ["CUDA_VISIBLE_DEVICES"] == chosen
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("count", [0, 1, 2])
def test_the_driver_says_how_many_there_are(count, tmp_path, monkeypatch):
    """By a command of the driver's name that answers as it does."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    tool = tmp_path / "nvidia-smi"
    lines = [f"GPU {number}: A card (UUID: GPU-{number})" for number in range(count)]
    tool.write_text("#!/bin/sh\ncat <<E\n" + "\n".join(lines) + "\n  MIG 1g.5gb Device\nE\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert gpus.visible() == [str(number) for number in range(count)]


def test_without_a_driver_there_are_none(tmp_path, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gpus.visible() == []


def test_the_lock_files_are_the_machines():
    assert Path("/tmp") == gpus.FOLDER
