"""What a film or picture was painted by, as it stands in the file's own metadata."""

from pathlib import Path
from typing import Any

from gramflow import ENGINE_VERSION, __version__
from gramflow.film.digests import content_digest
from gramflow.film.identity import Weights
from gramflow.film.recipes import with_contents
from gramflow.settings.config import Config
from gramflow.settings.renders import Render


def describe(config: Config, render: Render, weights: Weights) -> dict[str, Any]:
    """Describe a painting as JSON values: look, style, weights and versions.

    The style's pictures, and files that settings name, are told by name and content, without their
    folder. The same config gives the same values on every machine.
    """
    return {"gramflow": __version__, **described(config, render, weights)}


def described(config: Config, render: Render, weights: Weights) -> dict[str, Any]:
    """As `describe`, without the package's version, which alone makes no film out of date."""
    shots = [{"numbers": other.only, **_handling(config, other)} for other in render.others]
    return {
        "engine": ENGINE_VERSION,
        "video": render.video,
        **_handling(config, render),
        "network": weights.network,
        "weights": {"source": weights.source, "identity": weights.identity},
        **({"shots": shots} if shots else {}),
    }


def _handling(config: Config, render: Render) -> dict[str, Any]:
    """What the film, or some of its shots, are painted like: style and look."""
    style, look = config.styles[render.style], config.looks[render.look]
    others = {
        name: list(map(_named, config.styles[name].files))
        for name in config.styles_of_look(look)
        if not look.is_plain and name != render.style
    }
    return {
        "style": render.style,
        "look": render.look,
        "pictures": list(map(_named, style.files)),
        "mixture": list(style.weights),
        **({"styles": others} if others else {}),
        "settings": with_contents(config, look, {"file": _named}),
    }


def _named(path: str) -> list[str]:
    """A file's name, without its folder, and the digest of what is in it."""
    return [Path(path).name, content_digest(path)]
