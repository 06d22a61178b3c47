"""Read-only access to a render's plan, also before a run has written it."""

from contextlib import suppress
from pathlib import Path

from gramflow.film.identity import Weights
from gramflow.film.manifest import Manifest
from gramflow.film.masks import mask_frames
from gramflow.film.plan import Plan, make_plan
from gramflow.settings.config import Config
from gramflow.settings.renders import Render
from gramflow.store.layout import TRAINED, Layout


def trained_file(plan: Plan) -> Path | None:
    """The file with what a render's stylizer learns before it paints; None if it learns nothing."""
    digest = plan.trained
    return Path(TRAINED.format(render=plan.render, digest=digest)) if digest else None


def is_untrained(plan: Plan) -> bool:
    """Whether a render's stylizer has yet to learn before it paints."""
    file = trained_file(plan)
    return file is not None and not file.is_file()


def current_plan(config: Config, render: Render, layout: Layout) -> Plan | None:
    """Load a render's plan, or compute it from the manifest if no run has written it yet.

    Returns None if the video is not extracted. Writes nothing. While the weights or masks are
    unknown, the keys of a computed plan are not those of the store.
    """
    with suppress(FileNotFoundError, ValueError):
        return Plan.load(Path(layout.plan(render)))
    weights, masks = None, {}
    with suppress(FileNotFoundError, ValueError):
        names = config.masks_of(render)
        masks = mask_frames(names, (layout.mask(render.video, name) for name in names))
        weights = Weights.load(Path(layout.weights))
    with suppress(FileNotFoundError, ValueError):
        manifest = Manifest.load(Path(layout.manifest(render.video)))
        return make_plan(config, render, manifest, weights, masks)
    return None
