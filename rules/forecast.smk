# Says, before anything is painted and in a dry run, how many frames are to be painted.
from gramflow.store.plans import current_plan
from gramflow.view import forecasts


@cache
def say_once(line):
    """Print a line on the terminal, beside Snakemake's own; a repeated line only once."""
    print(line, file=sys.stderr, flush=True)


def tell_frames(_):
    """Say how many frames are to be painted, as far as known; an input function of no files."""
    if not workflow.is_main_process:
        return []
    found, unknown, guessed, planned = [], [], [], set()
    for render in CONFIG.renders.values():
        path = copy_of(LAYOUT.plan(render))
        try:
            if path.is_file():
                plan = plan_in(path)
            elif (plan := current_plan(CONFIG, render)) is None:
                plan = forecasts.guessed_plan(CONFIG, render)
                guessed.append(render.video)
        except (GramflowError, FileNotFoundError):
            unknown.append(render.video)
            continue
        found.append(forecasts.forecast(CONFIG, plan, PAINTED, planned))
    videos = (list(dict.fromkeys(names)) for names in (unknown, guessed))
    if line := forecasts.in_words(found, *videos):
        say_once(line)
    return []
