"""The folders of the package are in an order, and imports go one way."""

import ast
from pathlib import Path

import gramflow

ROOT = Path(gramflow.__file__).parent
ORDER = (
    "base",
    "bundled",
    "settings",
    "film",
    "engine",
    "store",
    "media",
    "painting",
    "view",
    "live",
    "commands",
)
"""Each imports only from those before it; docs/architecture.md tells what is in them."""


def imported(path: Path) -> set[str]:
    """The folders of the package that a module imports from."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("gramflow"):
            inside = (node.module or "").split(".")[1:]
            found.update(inside[:1] or [alias.name for alias in node.names])
        elif isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
            found.update(name[1] for name in names if name[0] == "gramflow" and name[1:])
    return found & set(ORDER)


def test_every_module_is_in_a_folder_of_the_order() -> None:

    folders = {path.relative_to(ROOT).parts[0] for path in ROOT.glob("*/**/*.py")}
    assert folders == set(ORDER)
    assert {path.name for path in ROOT.glob("*.py")} == {"__init__.py", "__main__.py"}


def test_no_folder_imports_from_a_later_one() -> None:
    for path in sorted(ROOT.rglob("*.py")):
        if path.parent == ROOT or path.name == "__main__.py":  # which are commands
            continue
        allowed = ORDER[: ORDER.index(path.relative_to(ROOT).parts[0]) + 1]
        assert imported(path) <= set(allowed), f"{path.relative_to(ROOT)} imports upward"


def test_the_page_on_the_architecture_tells_of_each() -> None:
    page = (ROOT.parent / "docs/architecture.md").read_text()
    places = [page.index(f"| `{folder}/` |") for folder in ORDER]
    assert places == sorted(places)
