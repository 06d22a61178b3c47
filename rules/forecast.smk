# What a person wants to know before anything is painted, and a dry run can say.
from snakemake.logging import logger

from gramflow.store.plans import current_plan
from gramflow.view import forecasts


@cache
def tell_once(line, frames, is_exact):
    """Log a line. Loggers get the numbers, too.

    frames: of each render, how many frames are to be painted, of how many.
    """
    numbers = {"frames_to_paint": dict(frames), "is_exact": is_exact}
    logger.info(line, extra=numbers)


def plan_so_far(render):
    """A render's plan, and whether it is a guess by the probe; FileNotFoundError before that."""
    path = copy_of(LAYOUT.plan(render))
    if path.is_file():
        return read(Plan, path), False
    plan = current_plan(CONFIG, render, LAYOUT)
    if plan is None:
        found = read(Probe, copy_of(LAYOUT.probe(render.video)))
        plan = forecasts.guessed_plan(CONFIG, render, found)
    return plan, plan.weights is None


def tell_frames(_):
    """Print how many frames are to be painted, as far as known. Requests no file."""
    if not workflow.is_main_process:
        return []
    painted = Listing(painted_store(CONFIG.store))
    found, unknown, guessed, planned = [], [], [], set()
    for render in CONFIG.painted.values():
        try:
            plan, is_guess = plan_so_far(render)
        except (GramflowError, FileNotFoundError):
            unknown.append(render.video)
            continue
        if is_guess:
            guessed.append(render.video)
        found.append(forecasts.forecast(CONFIG, plan, painted, planned))
    videos = (list(dict.fromkeys(names)) for names in (unknown, guessed))
    if line := forecasts.in_words(found, *videos):
        frames = tuple((each.name, (each.made, each.frames)) for each in found)
        tell_once(line, frames, not unknown and not guessed)
    return []
