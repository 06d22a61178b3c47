"""Measures how a style's distance falls with the content term's weight (see `engine.intensity`)."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gramflow.base.arrays import resized
from gramflow.engine import intensity
from gramflow.engine.areas import Area
from gramflow.engine.networks import reference
from gramflow.engine.objective import Objective
from gramflow.engine.targets import StyleTargets
from gramflow.film.identity import Weights
from gramflow.painting.setup import make_network, make_stylizer
from gramflow.settings.config import Config
from gramflow.settings.looks import Look


def calibrated(
    config: Config, look: Look, weights: Weights, objective: Objective, targets: StyleTargets
) -> dict[str, NDArray[np.float32]]:
    """Paint the reference picture in a style at several factors, and return the calibration.

    objective: of the style terms. targets: the style's, raw, at the reference picture's width.
    """
    small = replace(
        look,
        width=intensity.WIDTH,
        height=intensity.HEIGHT,
        coarsest=None,
        coarse_weights={},
        start="content",
        evaluations=_EVALUATIONS,
        stop=0.0,
        stylizer={"name": "optimize"},
    )
    logs = {"logs": intensity.linear()}
    styles = {"style": {small.width: {**targets, intensity.INTENSITY: logs}}}
    stylizer = make_stylizer(config, small, weights, styles)
    network = make_network(config, weights.network)
    picture = resized(reference(0), small.width, intensity.HEIGHT)
    everywhere = np.ones(picture.shape[:2], np.float32)

    def distance(terms: dict[str, float]) -> float:
        return sum(
            objective.losses[name].settings.weight * terms[name] for name in objective.losses
        )

    def paint(factor: float) -> float:
        stylizer.areas = [Area(everywhere, {"style": 1.0}, intensity.linear_at(factor))]
        return distance(stylizer.paint(picture, {}, 0, lambda _: None).terms)

    _, _, terms = objective(network.preprocess(picture), objective.prepared(targets))
    of_film = distance({name: float(value) for name, value in terms.items()})
    return intensity.calibration([paint(factor) for factor in intensity.PROBES], of_film)


_EVALUATIONS = 24  # of each painting of the reference picture
