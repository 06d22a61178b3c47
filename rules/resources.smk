# What each job needs of a machine (gramflow/resources.py), more at every retry.
# --set-resources RULE:NAME=VALUE and --set-threads RULE=N win over them.
from snakemake.exceptions import WorkflowError

from gramflow import resources as needs
from gramflow.media.probe import Probe


def painting_threads(_):
    """All cores of a machine with one GPU, its share with several; a few on a cluster."""
    gpus = workflow.resource_settings.resources.get("gpu")
    # a number or a Resource: Snakemake has both
    gpus = getattr(gpus, "value", gpus)
    return needs.painting_threads(workflow.resource_settings.cores, gpus)


def painting_size(render):
    """Width and height that a render is painted at."""
    return recipes.working_size(
        CONFIG.looks[CONFIG.renders[render].look], manifest_read(render)
    )


def manifest_stamp(render):
    """A render's manifest and its time; before it is there Snakemake shows <TBD>."""
    path, _ = copy_of(manifest_path(CONFIG.renders[render].video))
    if not path.is_file():
        # by this word it knows that there will be a number later
        raise WorkflowError(f"FileNotFoundError: {path}")
    return path, path.stat().st_mtime_ns


def manifest_read(render):
    """The manifest of a render's video."""
    return manifest_by(*manifest_stamp(render))


def painted_frames(wildcards):
    """How many frames a part's job paints."""
    return frames_by(wildcards.render, *manifest_stamp(wildcards.render))[
        wildcards.part
    ]


@cache
def frames_by(render, path, modified):
    """The same of all parts, once per manifest."""
    parts = recipes.parts(CONFIG, CONFIG.renders[render], manifest_by(path, modified))
    return {part.name: len(part.places) for part in parts}


def painting_mb(wildcards, attempt):
    size = painting_size(wildcards.render)
    return needs.network_mb(*size, CONFIG.memory) * attempt


def painting_minutes(wildcards, attempt):
    look = CONFIG.looks[CONFIG.renders[wildcards.render].look]
    size, frames = painting_size(wildcards.render), painted_frames(wildcards)
    alone = look.start != "previous" or wildcards.part.startswith("keyframes")
    anew = frames if alone else 1
    return needs.painting_minutes(*size, look.evaluations_of(frames, anew)) * attempt


def painted_mb(wildcards):
    size, frames = painting_size(wildcards.render), painted_frames(wildcards)
    return needs.frames_mb(*size, frames, bits=16)


def targets_mb(wildcards, attempt):
    look = CONFIG.looks[TARGETS[wildcards.target].look]
    size = [recipes.style_sides(look)[look.width]] * 2
    return needs.network_mb(*size, CONFIG.memory) * attempt


def capture_minutes(wildcards, attempt):
    return (CONFIG.videos[wildcards.video]["seconds"] / 60 + 10) * attempt


def probe_mb(_, attempt):
    # two frames of each size are encoded
    return max(needs.film_mb(*size) for size in recipes.film_sizes(CONFIG)) * attempt


def extract_mb(_, input, attempt):
    probe = Probe.load(fetch(input.probe))
    return needs.film_mb(probe.width, probe.height) * attempt


def extract_minutes(_, input, attempt):
    probe = Probe.load(fetch(input.probe))
    return needs.film_minutes(probe.width, probe.height, probe.frames) * attempt


def extracted_mb(_, input):
    probe = Probe.load(fetch(input.probe))
    return needs.frames_mb(probe.width, probe.height, probe.frames, probe.bits)


def encode_mb(wildcards, attempt):
    return needs.film_mb(*painting_size(wildcards.render)) * attempt


def encode_minutes(wildcards, attempt):
    frames = len(manifest_read(wildcards.render).frames)
    return needs.film_minutes(*painting_size(wildcards.render), frames) * attempt


def measure_minutes(wildcards, attempt):
    frames = len(manifest_read(wildcards.render).frames)
    return needs.flow_minutes(*painting_size(wildcards.render), frames) * attempt


def encoded_mb(wildcards):
    frames = len(manifest_read(wildcards.render).frames)
    return needs.frames_mb(*painting_size(wildcards.render), frames, bits=8)
