"""Generates docs/plugin-list.md from the built-in plugins.

python -m gramflow.settings.plugin_docs > docs/plugin-list.md
"""

import inspect
from collections.abc import Iterator

from gramflow.settings.plugins import KINDS, Plugin, Registry
from gramflow.settings.schema_docs import settings_table, table

_INTRODUCTION = """\
# Plugins that come along

Made from the plugins' classes by `make docs`; change it there. `gramflow plugins` lists the same,
and those that your config brings. [Writing a plugin](plugins.md) tells how to add one.

The config names a plugin in a look, with only the settings that differ from their defaults; a
preset sets some of them ([presets](config.md#presets-of-looks)):

```yaml
network: vgg19
looks:
  default:
    losses:
      content: {weight: 6}
      tv: {weight: 0}              # drops the term
    optimizer: {name: adam, step: 2}
    flow: still                    # no settings changed
```
"""


def page() -> str:
    """The whole page as Markdown."""
    registry = Registry()
    kinds = {kind: [each for each in registry.all(kind) if not each.origin] for kind in KINDS}
    rows = []
    names: list[str] = []
    for kind, plugins in kinds.items():
        for plugin in plugins:
            link = f"[`{plugin.name}`](#{_anchor(plugin.name, names)})"
            rows.append((kind, link, _documentation(plugin).splitlines()[0]))
            names.append(plugin.name)
    parts = [_INTRODUCTION, table(("kind", "name", "what it is"), rows)]
    for kind, plugins in kinds.items():
        parts.append(f"## {kind.capitalize()}\n")
        parts.extend(part for plugin in plugins for part in _section(plugin))
    return "\n".join(parts)


def _anchor(name: str, before: list[str]) -> str:
    """The anchor of a heading, which is numbered if others of that name come before."""
    count = before.count(name)
    return f"{name}-{count}" if count else name


def _section(plugin: Plugin) -> Iterator[str]:
    yield f"### `{plugin.name}`\n\n{_documentation(plugin)}\n"
    if properties := plugin.schema["properties"]:
        yield settings_table(properties)


def _documentation(plugin: Plugin) -> str:
    return inspect.getdoc(plugin.cls) or ""


if __name__ == "__main__":
    print(page(), end="")
