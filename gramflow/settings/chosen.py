"""Checks the plugins that the config chooses: their packages, settings and layers."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from gramflow.settings.plugins import Plugin, Registry
from gramflow.settings.schema import Entry, Values, checked, refused, remedy, shown


@dataclass(frozen=True)
class Layers:
    """The layers that a look may use; None if only the built network tells.

    whose: name of the network, for errors. advice: text to append to these errors.
    """

    names: Sequence[str] | None
    whose: str
    advice: str = ""


def with_settings(
    given: Values, kind: str, registry: Registry, layers: Layers, entry: Entry
) -> Values:
    """Validate the settings of a plugin that a look chooses; the result includes its name."""
    name = given["name"]
    settings = {key: value for key, value in given.items() if key != "name"}
    plugin = registry.find(kind, name, entry)
    check_packages(plugin, entry)
    settings = checked(settings, plugin.schema, entry)
    for setting, named in plugin.marked("layer", settings).items():
        for layer in named:
            check_layer(layer, layers, (*entry, setting))
    return {"name": plugin.name, **settings}


def check_packages(plugin: Plugin, entry: Entry) -> None:
    """Raise GramflowError when a package in the plugin's `packages` is not installed."""
    for package, requirement in getattr(plugin.cls, "packages", {}).items():
        if find_spec(package) is None:
            advice = f"{sys.executable} -m pip install '{requirement}'"
            raise refused(entry, f"{plugin.name} needs {package}, which is not installed; {advice}")


def check_layer(layer: str, known: Layers, entry: Entry) -> None:
    """Raise GramflowError for a layer that is not among the known, if these are known."""
    if known.names is not None and layer not in known.names:
        text = f"{known.whose} has no layer {shown(layer)}; {remedy(layer, known.names)}"
        raise refused(entry, text + known.advice)


def marked_settings(
    plugin: Plugin, settings: Values, mark: str, at: Entry
) -> Iterator[tuple[Entry, str]]:
    """The marked settings of one plugin, whose entry is `at`."""
    for name, values in plugin.marked(mark, settings).items():
        for value in values:
            yield (*at, name), value
