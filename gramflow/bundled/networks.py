"""The small painting networks that come with gramflow."""


def names() -> list[str]:
    """The names of the networks, the default one first."""
    return []


def model(name: str) -> bytes:
    """A network as the bytes of an ONNX file. Raises KeyError for a name that is not known."""
    raise KeyError(name)
