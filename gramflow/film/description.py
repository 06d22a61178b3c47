"""What a film or picture was painted by, as it stands in the file's own metadata."""

from pathlib import Path
from typing import Any

from gramflow import ENGINE_VERSION, __version__
from gramflow.film.identity import Weights
from gramflow.film.keys import content_digest
from gramflow.settings.config import Config, Render


def describe(config: Config, render: Render, weights: Weights) -> dict[str, Any]:
    """Describe a painting as JSON values: look, style, weights and versions.

    The style's pictures are named by their file's name and content, without its folder. The same
    config gives the same values on every machine.
    """
    return {"gramflow": __version__, **described(config, render, weights)}


def described(config: Config, render: Render, weights: Weights) -> dict[str, Any]:
    """As `describe`, without the package's version, which alone makes no film out of date."""
    style = config.styles[render.style]
    return {
        "engine": ENGINE_VERSION,
        "video": render.video,
        "style": render.style,
        "look": render.look,
        "pictures": [[Path(image).name, content_digest(image)] for image in style.images],
        "mixture": list(style.weights),
        "network": weights.network,
        "weights": {"source": weights.source, "identity": weights.identity},
        "settings": config.looks[render.look].settings,
    }
