"""Finds plugins (networks, losses, flows, stylizers, masks and others) by kind and name."""

import hashlib
import sys
import traceback
import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from gramflow.base.errors import GramflowError
from gramflow.settings.schema import NAME, Entry, refused, remedy, shown

_ONE = {
    "networks": "network",
    "losses": "loss",
    "flows": "flow",
    "optimizers": "optimizer",
    "stylizers": "stylizer",
    "colours": "way with colours",
    "masks": "way to masks",
}
KINDS = tuple(_ONE)


@dataclass(frozen=True)
class Plugin:
    """A class that the config can name.

    origin: version of the plugin's code, which enters a frame's key: "" for a built-in plugin
        (the engine's version covers it), "distribution==version" for an installed one,
        "sha256:..." for a local file.
    """

    kind: str
    name: str
    cls: type[Any]
    origin: str

    @cached_property
    def schema(self) -> dict[str, Any]:
        """JSON schema of the plugin's settings.

        Raises GramflowError for a setting whose type is not supported.
        """
        hints = get_type_hints(self.cls.Settings)
        properties = {}
        for field in fields(self.cls.Settings):
            schema = _type_schema(hints[field.name])
            if schema is None:
                raise GramflowError(
                    f"{_ONE[self.kind]} {self.name}: the type of its setting {field.name} is not "
                    "supported; use bool, int, float, str, Literal, a list, a tuple, "
                    "dict[str, ...] or '... | None'"
                )
            properties[field.name] = schema | _field_schema(field)
        required = [name for name, schema in properties.items() if "default" not in schema]
        return {
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": False,
        }

    def make(self, settings: Mapping[str, Any], *arguments: Any) -> Any:
        """Create an object of the plugin's class.

        settings: values of its `Settings`; a `name` among them, as in a look, is ignored.
        arguments: further arguments of the constructor.
        """
        return self.cls(self.settings(settings), *arguments)

    def settings(self, values: Mapping[str, Any]) -> Any:
        """An object of the class's Settings; a look's entry may hold the plugin's name, too."""
        return self.cls.Settings(**{key: value for key, value in values.items() if key != "name"})

    def marked(self, mark: str, settings: Mapping[str, Any]) -> dict[str, list[str]]:
        """Values of the settings whose fields have `mark` in their metadata, by setting.

        mark: "file" for paths, "picture" for those of pictures, "frames" for films, pictures and
        picture sequences, "layer" for layers of the network, "style" and "look" for those of
        the config. Each value is a list: of a mapping, its values; of a setting that is absent or
        None, [].
        """
        named = [name for name, entry in self.schema["properties"].items() if entry.get(mark)]
        given = {name: settings.get(name) or [] for name in named}
        return {name: _listed(value) for name, value in given.items()}


def _listed(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return list(value.values())
    return [value] if isinstance(value, str) else list(value)


class Registry:
    """All plugins that are installed or defined in the given local files.

    Local files are executed at once; installed plugins are imported when first requested. Raises
    GramflowError, naming the entry plugins[i], for a file without a usable plugin and for a name
    that is taken.
    """

    def __init__(self, files: Sequence[Path] = ()) -> None:
        self._known: dict[tuple[str, str], Plugin | EntryPoint] = {
            (kind, point.name): point
            for kind in KINDS
            for point in entry_points(group=f"gramflow.{kind}")
        }
        for number, file in enumerate(files):
            entry = ("plugins", number)
            for plugin in _local(file, entry):
                key = (plugin.kind, plugin.name)
                if key in self._known:
                    taken = f"{_ONE[plugin.kind]} {plugin.name} exists already"
                    raise refused(entry, f"{file}: a {taken}; choose another name")
                self._known[key] = plugin

    def names(self, kind: str) -> list[str]:
        """Names of all plugins of a kind, sorted."""
        return sorted(name for of, name in self._known if of == kind)

    def find(self, kind: str, name: str, entry: Entry = ()) -> Plugin:
        """Return a plugin, and import it if needed. "ResNet50" finds resnet50, too.

        entry: the config entry that names it, for errors. Raises GramflowError when no plugin has
        this kind and name, or its import fails.
        """
        entry = entry or (kind, name)
        key = (kind, name) if (kind, name) in self._known else (kind, name.lower())
        found = self._known.get(key)
        if found is None:
            known = remedy(name, self.names(kind))
            raise refused(entry, f"there is no {_ONE[kind]} {shown(name)}; {known}")
        if isinstance(found, Plugin):
            return found
        try:
            self._known[key] = plugin = Plugin(*key, found.load(), _origin(found))
            return plugin
        except (ImportError, AttributeError) as error:
            message = f"the {_ONE[kind]} {name} cannot be imported ({_one_line(error)})"
            raise refused(entry, f"{message}; reinstall its package or choose another") from error

    def all(self, kind: str) -> list[Plugin]:
        """All plugins of a kind, sorted by name. Raises GramflowError like `find`."""
        return [self.find(kind, name) for name in self.names(kind)]


def _origin(point: EntryPoint) -> str:
    dist = point.dist
    return "" if dist is None or dist.name == "gramflow" else f"{dist.name}=={dist.version}"


def _local(file: Path, entry: Entry) -> list[Plugin]:
    """Execute a Python file and return the plugins that it defines.

    Raises GramflowError when the file cannot be read or run, or has no usable plugin.
    """
    try:
        source = file.read_bytes()
    except (OSError, ValueError) as error:
        reason = f"{file} cannot be read ({_one_line(error)})"
        raise refused(entry, f"{reason}; give the path of a Python file") from error
    digest = hashlib.sha256(source).hexdigest()
    module = _run(file, source, f"gramflow_plugin_{digest[:16]}", entry)
    classes = [item for item in vars(module).values() if _is_plugin(item, module)]
    if not classes:
        raise refused(entry, f"{file} holds no plugin; derive a class from Loss, for instance")
    for cls in classes:
        if problem := _problem(cls):
            raise refused(entry, f"{file}: {cls.__name__} {problem}")
    return [Plugin(cls.kind, cls.name, cls, f"sha256:{digest}") for cls in classes]


def _is_plugin(item: Any, module: types.ModuleType) -> bool:
    """Whether `item` is a plugin class that the module defines, rather than imports."""
    is_own = isinstance(item, type) and item.__module__ == module.__name__
    return is_own and getattr(item, "kind", None) in KINDS


def _problem(cls: type[Any]) -> str | None:
    """Why a class is not a usable plugin, and how to correct it; None if it is usable."""
    name = getattr(cls, "name", None)
    if not isinstance(name, str) or not NAME.fullmatch(name):
        return "has no name; add a line such as name = 'my-name'"
    base: Any = next(item for item in reversed(cls.__mro__) if "kind" in vars(item))
    if not issubclass(cls.Settings, base.Settings):
        base_settings = f"{base.__name__}.Settings"
        return f"has Settings of its own kind; derive them from {base_settings}"
    return None


def _run(file: Path, source: bytes, name: str, entry: Entry) -> types.ModuleType:
    """Execute a file's source as a module named `name`.

    The file is not read again, so that the code that runs is the code whose hash enters the keys.
    Raises GramflowError when it fails.
    """
    module = types.ModuleType(name)
    module.__file__ = str(file)
    sys.modules[name] = module  # dataclasses look up their module here
    try:
        exec(compile(source, str(file), "exec"), vars(module))  # noqa: S102
    except Exception as error:
        del sys.modules[name]
        line = _failing_line(error, file)
        raise refused(entry, f"{file}{line}: {_one_line(error)}; correct the file") from error
    return module


def _failing_line(error: Exception, file: Path) -> str:
    if isinstance(error, SyntaxError) and error.lineno:
        return f":{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(file)]
    return f":{lines[-1]}" if lines else ""


def _one_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())


# -- settings as JSON schema -------------------------------------------------------------------

_SCALARS: Mapping[Any, str] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    types.NoneType: "null",
}


def _type_schema(hint: Any) -> dict[str, Any] | None:
    """JSON schema of a type hint; None if the type is not supported."""
    if hint in _SCALARS:
        return {"type": _SCALARS[hint]}
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return {"type": "string", "enum": list(arguments)}
    if origin in (Union, types.UnionType):
        return _union_schema(arguments)
    if origin in (list, tuple, dict):
        inner = _type_schema(arguments[1 if origin is dict else 0])
        if inner is None:
            return None
        if origin is dict:
            return {"type": "object", "additionalProperties": inner}
        return {"type": "array", "items": inner}
    return None


def _union_schema(arguments: tuple[Any, ...]) -> dict[str, Any] | None:
    """JSON schema of `X | None`; None for other unions.

    "null" comes first, so that the text 'null' is converted to None even if X is str.
    """
    rest = [argument for argument in arguments if argument is not types.NoneType]
    inner = _type_schema(rest[0])
    if len(rest) != 1 or inner is None:
        return None
    if "enum" in inner:
        inner["enum"].append(None)
    return inner | {"type": ["null", inner["type"]]}


def _field_schema(field: Field[Any]) -> dict[str, Any]:
    """JSON schema keywords of a dataclass field: its metadata, description and default."""
    keywords = {key: value for key, value in field.metadata.items() if key != "doc"}
    if "doc" in field.metadata:
        keywords["description"] = field.metadata["doc"]
    if field.default is not MISSING:
        keywords["default"] = field.default
    elif field.default_factory is not MISSING:
        keywords["default"] = field.default_factory()
    return keywords
