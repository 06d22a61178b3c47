"""The pages: current, built into a site without a warning, linked rightly, their configs taken."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from gramflow.settings import plugin_docs, schema_docs
from gramflow.settings.config import load
from tests.support.checkout import committed_names

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
pytestmark = pytest.mark.skipif(not DOCS.is_dir(), reason="an installed package has no docs")

PLACEHOLDER = re.compile(r"\b(OWNER|TODO|FIXME|XXX)\b|example\.invalid")


@cache
def committed() -> list[Path]:
    """All files that git has of this checkout, or would have."""
    return [ROOT / name for name in committed_names() if (ROOT / name).is_file()]


def pages() -> list[Path]:
    return [path for path in committed() if path.suffix == ".md"]


def tokens(path: Path) -> list[Token]:
    """A page's Markdown, flat: block tokens, each inline one followed by its parts."""
    parser = MarkdownIt("commonmark").enable("table")
    blocks = parser.parse(path.read_text())
    return [part for block in blocks for part in (block, *(block.children or ()))]


@cache
def anchors(path: Path) -> set[str]:
    """The names by which GitHub, and the site alike, link to a page's headings."""
    found: list[str] = []
    for opening, inline in pairwise(tokens(path)):
        if opening.type == "heading_open":
            text = "".join(each.content for each in inline.children or ())
            slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
            again = sum(re.fullmatch(rf"{slug}(-\d+)?", each) is not None for each in found)
            found.append(f"{slug}-{again}" if again else slug)
    return set(found)


def links(path: Path) -> Iterator[str]:
    for token in tokens(path):
        for name in ("href", "src"):
            if name in token.attrs:
                yield unquote(str(token.attrs[name]))


def test_the_pages_made_from_code_are_current() -> None:
    assert (DOCS / "config.md").read_text() == schema_docs.page(), "run: make docs"
    assert (DOCS / "plugin-list.md").read_text() == plugin_docs.page(), "run: make docs"


def test_the_site_is_built_without_a_warning_and_fetches_nothing(tmp_path: Path) -> None:
    options = ["--fail-on-warning", "--keep-going", "--quiet"]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "sphinx",
            *options,
            "-d",
            tmp_path / "cache",
            DOCS,
            tmp_path / "site",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    made = {path.relative_to(tmp_path / "site") for path in (tmp_path / "site").rglob("*.html")}
    written = {path.relative_to(DOCS).with_suffix(".html") for path in DOCS.rglob("*.md")}
    assert written <= made
    for page in made:
        text = (tmp_path / "site" / page).read_text()
        loaded = re.findall(r'<(?:script|img|iframe|source)[^>]*\ssrc="([^"]*)"', text)
        loaded += re.findall(
            r'<link[^>]*rel="(?:stylesheet|preload|icon)"[^>]*href="([^"]*)"', text
        )
        assert loaded
        assert not [each for each in loaded if "//" in each], page


def test_every_link_in_every_page_leads_somewhere() -> None:
    wrong = []
    for page in pages():
        for link in links(page):
            if re.match(r"[a-z]+:", link):
                continue
            file, _, anchor = link.partition("#")
            target = (page.parent / file).resolve() if file else page
            known = target in committed() or target.is_dir()
            if not known or (anchor and anchor not in anchors(target)):
                wrong.append(f"{page.relative_to(ROOT)}: {link}")
    assert not wrong


def test_the_pictures_are_small() -> None:
    assert sum(path.stat().st_size for path in (DOCS / "pictures").iterdir()) < 12e6


def test_no_placeholder_is_left() -> None:
    found = []
    for path in set(committed()) - {Path(__file__)}:
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {line}" for line in lines if PLACEHOLDER.search(line)]
    assert not found


def test_the_citation_names_this_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"] == project["version"]


# -- make ----------------------------------------------------------------------------------------


def make(folder: Path, *arguments: str) -> str:
    """What make prints in a folder that has only the Makefile."""
    folder.mkdir()
    (folder / "Makefile").write_bytes((ROOT / "Makefile").read_bytes())
    environment = os.environ | {"HOME": str(folder.parent)}
    command = ["make", "--no-print-directory", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=True
    ).stdout


def test_make_alone_lists_every_target(tmp_path: Path) -> None:
    targets = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    listed = [line.split()[1] for line in make(tmp_path / "plain").splitlines()]
    assert listed == " ".join(targets).split()


def test_the_environment_of_a_path_with_spaces_has_a_path_without(tmp_path: Path) -> None:
    """Since Snakemake starts scripts by the path of its Python without quotes."""
    dry = ("--dry-run", "-o", ".venv/installed", "demo")
    command = make(tmp_path / "my films", *dry).splitlines()[0]
    assert re.fullmatch(rf"{tmp_path}/\S+/\.venv/bin/snakemake --cores all", command)
    assert make(tmp_path / "plain", *dry).startswith(".venv/bin/snakemake --cores all")


# -- the configs that pages show -----------------------------------------------------------------

BASE = {"videos": {"room": {"path": "room.avi"}}, "styles": {"night": {"images": ["night.jpg"]}}}
OTHERS = {"plugins.md", "clusters.md"}
"""Pages whose configs are run by test_plugin_files.py, or name files of a cluster."""


def shown() -> list[Any]:
    """Every config in a page, with the page's name."""
    found = [pytest.param((ROOT / "config/config.yaml").read_text(), id="config/config.yaml")]
    for page in [*sorted(DOCS.rglob("*.md")), ROOT / "README.md"]:
        blocks = [each for each in tokens(page) if each.type == "fence" and each.info == "yaml"]
        if page.name not in OTHERS:
            found += [
                pytest.param(each.content, id=f"{page.name}:{each.map[0]}") for each in blocks
            ]
    return found


@pytest.mark.parametrize("text", shown())
def test_every_config_that_a_page_shows_is_taken(text: str, tmp_path: Path) -> None:
    values = yaml.safe_load(text)
    config = BASE | values.get("films", values)
    for video in config["videos"].values():
        touch(tmp_path, video["path"])
        for mask in video.get("masks", {}).values():
            given = {"path": mask} if isinstance(mask, str) else mask
            for name in ("path", "weights"):
                if name in given:
                    touch(tmp_path, given[name])
            for file in given.get("at", {}).values():
                touch(tmp_path, file)
    for style in config["styles"].values():
        for image in [*style["images"], *style.get("masks", [])]:
            touch(tmp_path, image)
    for look in config.get("looks", {}).values():
        stylizer = look.get("stylizer", {})
        for image in stylizer.get("painted", {}).values() if isinstance(stylizer, dict) else ():
            touch(tmp_path, image)
    assert load(config, tmp_path).renders


def test_every_entry_of_a_look_that_the_page_on_looks_shows_is_taken(tmp_path: Path) -> None:
    touch(tmp_path, "room.avi")
    touch(tmp_path, "night.jpg")
    page = (DOCS / "howto/looks.md").read_text().split("## What to change")[1]
    entries = re.findall(r"^\| [^|]+ \| `([^`]+)`", page, re.MULTILINE)
    assert entries
    for entry in entries:
        load({**BASE, "looks": {"default": yaml.safe_load(entry)}}, tmp_path)


def touch(folder: Path, name: str) -> None:
    path = folder / name.replace("*", "1")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"is read later")
