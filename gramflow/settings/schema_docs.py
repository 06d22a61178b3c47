"""Generates docs/config.md from the schema and the presets.

python -m gramflow.settings.schema_docs > docs/config.md
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from gramflow.settings.reading import presets, schema

Schema = Mapping[str, Any]

_INTRODUCTION = """\
# config.yaml

Made from `workflow/schemas/config.schema.yaml` and `gramflow/settings/presets.yaml` by `make docs`;
change it there. The settings of loss terms, optimizers and all other plugins are in
[the list of plugins](plugin-list.md).

Only `videos` and `styles` are needed; an entry that is left out has the default given here. Names
of videos, styles and looks become part of file names: letters, digits, `_` and `-`, starting with
a letter or digit. Paths are relative to the working directory. Any entry can be changed on the
command line, such as `--config segment_frames=20 'looks={default: {preset: draft}}'`. An unknown
key, a missing file or an impossible value is refused in one line that starts with the entry.
"""


def page() -> str:
    """The whole page as Markdown."""
    top = schema()["properties"]
    parts = [_INTRODUCTION, _section("Top level", top)]
    parts += [
        _section(f"`{key}.NAME`", top[key]["additionalProperties"]["properties"])
        for key in ("videos", "styles", "looks")
    ]
    parts += [_presets(), _section("`renders[i]`", top["renders"]["items"]["properties"])]
    parts.append(_section("`encode`", top["encode"]["properties"]))
    return "\n".join(parts)


def _section(title: str, properties: Mapping[str, Schema]) -> str:
    return f"## {title}\n\n{settings_table(properties)}"


def settings_table(properties: Mapping[str, Schema]) -> str:
    """A Markdown table of entries, by name: their types, defaults and meanings."""
    rows = [
        (f"`{key}`", _type(entry), _default(entry), _description(entry))
        for key, entry in properties.items()
    ]
    return table(("key", "value", "default", "meaning"), rows)


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    header = list(header)
    lines = [header, ["---"] * len(header), *rows]
    # an unescaped bar would end the cell
    cells = [[text.replace("|", "\\|") for text in line] for line in lines]
    return "".join(f"| {' | '.join(line)} |\n" for line in cells)


def _type(entry: Schema) -> str:
    if "enum" in entry:
        return ", ".join(_code(value) for value in entry["enum"])
    types = [entry["type"]] if isinstance(entry["type"], str) else entry["type"]
    text = " or ".join(sorted(types, key="null".__eq__))
    for keyword, sign in _SIGNS.items():
        if keyword in entry:
            text += f", {sign} {entry[keyword]}"
    return text


_SIGNS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤"}


def _default(entry: Schema) -> str:
    return _code(entry["default"]) if "default" in entry else ""


def _description(entry: Schema) -> str:
    examples = ", ".join(_code(example) for example in entry.get("examples", []))
    text: str = entry.get("description", "")
    return f"{text} For instance {examples}." if examples else text


def _code(value: Any) -> str:
    """A value in YAML's syntax, as inline code."""
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def _presets() -> str:
    """What each preset sets: one row per setting, one column per preset."""
    columns = {name: dict(_leaves(preset)) for name, preset in presets().items()}
    settings = dict.fromkeys(key for column in columns.values() for key in column)
    rows = [
        (f"`{key}`", *(_code(c[key]) if key in c else "" for c in columns.values()))
        for key in settings
    ]
    return f"## Presets of looks\n\n{table(('setting', *columns), rows)}"


def _leaves(preset: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for key, value in preset.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


if __name__ == "__main__":
    print(page(), end="")
