"""The code on the page about plugins."""

import re

from tests.support.project import ROOT

PAGE = ROOT / "docs" / "plugins.md"


def blocks(language: str) -> list[str]:
    """The page's code in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
