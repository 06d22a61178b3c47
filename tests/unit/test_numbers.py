"""Frames and styles without content can be painted, and what was odd is told."""

import numpy as np
import pytest

import gramflow
from gramflow.engine import losses, networks
from gramflow.engine.lbfgs import LBFGS
from gramflow.engine.optimize import Optimize
from gramflow.engine.stylizers import Palette
from tests.support.looks import settings_of
from tests.support.media import textured

BLANK = {"black": 0.0, "white": 1.0, "grey": 0.4}
SCENE = textured(height=48, width=64)


def filled(value: float) -> np.ndarray:
    """A picture of one grey."""
    return np.full((48, 64, 3), value, np.float32)


@pytest.mark.parametrize(
    ("content", "style", "look"),
    [
        ("black", "scene", "standard"),
        ("scene", "black", "standard"),
        ("white", "grey", "standard"),
        ("black", "black", "draft"),
    ],
)
def test_pictures_of_one_colour_can_be_painted(
    device: str, content: str, style: str, look: str
) -> None:
    """A loss or a painting that is not finite would be an error."""
    pictures = {name: filled(value) for name, value in BLANK.items()} | {"scene": SCENE}
    settings = {"evaluations": 4, "precision": "float32"}
    given = pictures[content], pictures[style]
    found = gramflow.paint(*given, look=look, width=64, settings=settings, weights="random")
    assert found.shape == (48, 64, 3)


def test_a_frame_whose_loss_does_not_fall_is_told_of(device: str) -> None:
    """It starts as the content, and nothing but the content is asked for."""
    network, layers = networks.VGG16(), {"block1_conv1": 1.0}
    extractor = networks.build(network, None, list(layers), "average")
    content = losses.Content(losses.Content.Settings(layers=layers))
    palette = Palette(
        settings_of(evaluations=8),
        network,
        lambda: extractor,
        {"content": content},
        LBFGS(LBFGS.Settings()),
        {64: {}},
    )
    found = Optimize(Optimize.Settings(), palette).paint(SCENE, {}, 0, lambda _: None)
    told = f"No lower loss than the first was found in {found.evaluations} evaluations."
    assert found.troubles == [told]
