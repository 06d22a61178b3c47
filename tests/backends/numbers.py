"""Losses and gradients by KERAS_BACKEND: `python -m tests.backends.numbers FILE.npz`.

Every built-in loss term by itself on VGG-19 with random weights; all of them together on a shallow
part of it, whole and in tiles.
"""

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gramflow.engine import networks, ops
from gramflow.engine.backend import prepare
from gramflow.engine.losses import Loss
from gramflow.engine.objective import Objective
from gramflow.engine.tiling import Plan
from gramflow.settings.plugins import Registry
from tests.support.media import textured

HEIGHT, WIDTH = 96, 128
DEEP = ["block1_conv1", "block3_conv1", "block5_conv1"]
SHALLOW = ["block1_conv1", "block2_conv1"]
NETWORK = networks.VGG19()


def terms_on(layers: list[str]) -> dict[str, Loss]:
    """Every loss term but `histogram`, with its own settings, and these layers where it has any.

    The others, which are of squares of grey levels, have a weight that makes them as large.
    """
    found = {}
    for plugin in Registry().all("losses"):
        if plugin.name == "histogram":  # other backends than TensorFlow refuse it
            continue
        has_layers = "layers" in plugin.cls.Settings.__dataclass_fields__
        shares = dict.fromkeys(layers, 1 / len(layers))
        found[plugin.name] = plugin.make({"layers": shares} if has_layers else {"weight": 1e-4})
    return found


def picture(seed: int, height: int = HEIGHT, width: int = WIDTH) -> NDArray[np.float32]:
    """A picture with detail of all sizes, and grain.

    Without grain, features hardly vary in some directions. `moments` divides by the root of that
    variance, and in float32 the little that is left of it is rounding.
    """
    grain = np.random.default_rng(seed).normal(0, 0.1, (height, width, 3))
    return np.asarray(np.clip(textured(seed, height, width) + grain, 0, 1), np.float32)


def targets_of(objective: Objective, losses: Mapping[str, Loss]) -> dict[str, Any]:
    """Targets from pictures that differ much from the painted one, and from each other."""
    pictures = {"frame": picture(1), "style": 1 - picture(2, 80, 112) ** 2}
    targets: dict[str, Any] = {}
    for source, given in pictures.items():
        targets |= objective.targets(NETWORK.preprocess(given), source)
    black, white = (NETWORK.preprocess(np.full((1, 1, 3), v, np.float32)) for v in (0.2, 0.8))
    before = NETWORK.preprocess(picture(3))
    trust = np.float32(np.linspace(0, 1, WIDTH))[None, None, :, None] + np.zeros_like(before)
    for name, loss in losses.items():
        if loss.source == "range":
            targets[name] = {"black": black, "white": white}
        elif loss.source == "neighbours":
            targets[name] = {"pictures": before, "trust": trust[..., :1]}
    return targets


def evaluated(network: Any, losses: Mapping[str, Loss], plan: Plan | None = None) -> dict[str, Any]:
    """Loss and gradient of a picture."""
    objective = Objective(network, losses, plan)
    loss, gradient, _ = objective(NETWORK.preprocess(picture(0)), targets_of(objective, losses))
    return {"loss": np.float64(loss), "gradient": ops.convert_to_numpy(gradient)}


def tiled_plan(network: Any, losses: Mapping[str, Loss]) -> Plan:
    """A plan whose memory suffices for tiles of a quarter of the picture."""
    free = Plan(network, losses)
    plan = Plan(network, losses, free.estimate(HEIGHT, WIDTH, HEIGHT * WIDTH / 4))
    assert len(plan.tiles(HEIGHT, WIDTH)) > 2
    return plan


def main(file: str) -> None:
    """Write the arrays, by what they are of."""
    prepare(2)
    deep = networks.build(NETWORK, None, DEEP, "average", "mirror")
    shallow = networks.build(NETWORK, None, SHALLOW, "average", "mirror")
    found = {name: evaluated(deep, {name: loss}) for name, loss in terms_on(DEEP).items()}
    together = terms_on(SHALLOW)
    found["whole"] = evaluated(shallow, together)
    found["tiled"] = evaluated(shallow, together, tiled_plan(shallow, together))
    np.savez(file, **{f"{of}/{what}": v for of, each in found.items() for what, v in each.items()})


if __name__ == "__main__":
    main(sys.argv[1])
