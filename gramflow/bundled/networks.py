"""The small painting networks that come with gramflow, as ONNX files.

`python -m demo.networks` trains them. README.md in this folder tells what they are.
"""

from importlib.resources import files

from gramflow import bundled

_FOLDER, _SUFFIX = files(bundled), ".onnx"


def names() -> list[str]:
    """The names of the networks, sorted; the first one is the default."""
    found = (file.name for file in _FOLDER.iterdir())
    return sorted(name.removesuffix(_SUFFIX) for name in found if name.endswith(_SUFFIX))


def model(name: str) -> bytes:
    """A network as the bytes of an ONNX file. Raises KeyError for a name that is not known."""
    if name not in names():
        raise KeyError(name)
    return (_FOLDER / f"{name}{_SUFFIX}").read_bytes()
