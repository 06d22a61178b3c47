"""The files of this checkout."""

import subprocess

import pytest

from tests.support.project import ROOT


def committed_names() -> list[str]:
    """Paths of all files that git has of this checkout, or would have; else the test is skipped."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    if not listed:
        pytest.skip("this checkout is no git repository")
    return list(filter(None, listed.split("\0")))
