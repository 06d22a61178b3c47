"""The code on the page about plugins."""

import re
from pathlib import Path

from tests.support.project import ROOT

PAGE = ROOT / "docs" / "plugins.md"


def blocks(language: str) -> list[str]:
    """The page's code in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def write_plugins(folder: Path) -> None:
    """Write the page's plugin files, whose code starts with their names."""
    for code in blocks("python"):
        name = re.match(r"# (\w+\.py)\n", code)
        assert name, "a file's code starts with its name"
        (folder / name[1]).write_text(code)
