"""Reads the config's schema, the presets, and config files, with errors that say where in them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import ConstructorError

from gramflow.base.errors import GramflowError
from gramflow.settings.schema import Values


@cache
def schema() -> Values:
    """The JSON schema of the config, without the settings of plugins."""
    return _read_yaml("schemas/config.schema.yaml")


@cache
def presets() -> Values:
    """The looks of presets.yaml, by preset name."""
    return _read_yaml("presets.yaml")


def _read_yaml(name: str) -> Values:
    # the loader on libyaml is ten times faster, but PyYAML may be built without it
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = (Path(__file__).parent / name).read_text(encoding="utf-8")
    return yaml.load(text, loader)


def read_config(path: Path) -> dict[str, Any]:
    """The entries of a config file.

    Raises GramflowError, with line and column, for a file that is not YAML, has a key twice, or
    holds more than any config does; and for one that cannot be read or holds no entries.
    """
    try:
        text = path.read_text(encoding="utf-8")
        _check(text)
        values = yaml.load(text, _Loader)
    except OSError as error:
        raise GramflowError(f"{path}: cannot be read ({error.strerror}); allow it") from error
    except UnicodeDecodeError as error:
        raise GramflowError(f"{path}: is not text in UTF-8; save it as such") from error
    except yaml.YAMLError as error:
        raise GramflowError(f"{path}{_place(error)}; correct it") from error
    if not isinstance(values, dict):
        raise GramflowError(f"{path}: holds no entries; see docs/config.md")
    return values


class _Unwanted(ConstructorError):
    """Correct YAML that no config holds."""


class _Loader(yaml.SafeLoader):
    """Reports values that Python cannot hold, such as the date 2024-13-45, with their place."""

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        """The value of a node. Raises ConstructorError where it has none."""
        try:
            value = super().construct_object(node, deep)
            if isinstance(value, int):
                float(value)  # else no message could show it
        except (ValueError, OverflowError) as error:
            kind = node.tag.rpartition(":")[2]
            text = f"{node.value[:40]!r} is no {kind}"
            raise ConstructorError(None, None, text, node.start_mark) from error
        return value


@dataclass
class _Open:
    """A list or mapping that has begun.

    anchor: its name, if it has one. keys: those so far of a mapping, None for a list. size: number
    of values in it, with those that aliases stand for. count: of keys and values so far.
    """

    anchor: str | None
    keys: set[str] | None
    size: int = 1
    count: int = 0


def _check(text: str) -> None:
    """Refuse YAML that is correct, but whose reading loses a value or takes all memory.

    Raises _Unwanted for a key given twice, of which the last would win without a word, for
    lists and mappings that are nested very deep or hold themselves, and for aliases that expand to
    very many values.
    """
    sizes: dict[str, int] = {}
    around: list[_Open] = []
    events: Iterator[Any] = yaml.parse(text, _Loader)
    for event in events:
        size, problem, anchor = 0, "", getattr(event, "anchor", None)
        if isinstance(event, yaml.CollectionStartEvent):
            around.append(
                _Open(anchor, set() if isinstance(event, yaml.MappingStartEvent) else None)
            )
            problem = "lists and mappings are nested too deep" if len(around) > _DEEPEST else ""
        elif isinstance(event, yaml.AliasEvent):
            inside = anchor in {each.anchor for each in around}
            problem = f"*{anchor} stands for what it is a part of" if inside else ""
            size = sizes.get(str(anchor), 1)
        elif isinstance(event, yaml.ScalarEvent):
            size = 1
        elif isinstance(event, yaml.CollectionEndEvent):
            closed = around.pop()
            size, anchor = closed.size, closed.anchor
        if anchor and size:
            sizes[anchor] = size
        if size and around:
            problem = problem or _added(around[-1], event, size)
        if problem:
            raise _Unwanted(None, None, problem, event.start_mark)


def _added(parent: _Open, event: Any, size: int) -> str:
    """Add a value to the list or mapping around it; returns what is wrong with it, or "".

    event: the value, or its end. size: of the value.
    """
    parent.size += size
    parent.count += 1
    if parent.size > _MOST:
        return f"holds more than {_MOST} values, with those that aliases stand for"
    if parent.keys is not None and parent.count % 2 and isinstance(event, yaml.ScalarEvent):
        if event.value in parent.keys:
            return f"the key {event.value[:40]!r} is there twice; keep one"
        parent.keys.add(event.value)
    return ""


_DEEPEST = 40  # lists and mappings around a value; a config has 8
_MOST = 100_000  # values in a config, with those that aliases stand for


def _place(error: yaml.YAMLError) -> str:
    """Line and column of an error, and what is wrong there."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return f": is not YAML ({' '.join(str(error).split())})"
    problem = getattr(error, "problem", "")
    what = problem if isinstance(error, _Unwanted) else f"is not YAML ({problem})"
    return f", line {mark.line + 1}, column {mark.column + 1}: {what}"
