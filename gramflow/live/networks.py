"""The networks that paint live video: ONNX files given by path, or shipped with the package."""

from collections.abc import Sequence
from pathlib import Path

from gramflow.base.errors import GramflowError, concerning
from gramflow.base.limits import read_whole
from gramflow.bundled import networks as shipped
from gramflow.live.painter import Painter

_SUFFIX = ".onnx"


def find(name: str) -> bytes:
    """The bytes of a network's ONNX file.

    name: the path of an .onnx file, or the name of a shipped network.
    Raises GramflowError when there is no such file or name.
    """
    if name in shipped.names():
        return shipped.model(name)
    path = Path(name)
    if path.suffix.lower() != _SUFFIX:
        known = ", ".join(shipped.names())
        others = f"one of {known}, or " if known else ""
        raise GramflowError(f"no such network; give {others}the path of an {_SUFFIX} file")
    try:
        return read_whole(path)
    except OSError as error:
        raise GramflowError(f"{error.strerror}; give the path of an {_SUFFIX} file") from error


def painters(names: Sequence[str], threads: int, calm: float) -> dict[str, Painter]:
    """A painter for each network, by the names that people choose them by, in the given order.

    names: as of `find`. The shipped ones follow those that were given.
    threads, calm: as of `Painter`.
    Raises GramflowError, naming --network, for a network that cannot be used, or without any.
    """
    found: dict[str, Painter] = {}
    for name in dict.fromkeys((*names, *shipped.names())):
        stem = Path(name).stem if name.lower().endswith(_SUFFIX) else name
        with concerning(f"--network {name}"):
            found[name if stem in found else stem] = Painter(find(name), threads, calm)
    if not found:
        raise GramflowError(f"--network: none comes along; give the path of an {_SUFFIX} file")
    return found
