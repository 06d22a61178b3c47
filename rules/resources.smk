# Resources of each job, by gramflow/view/estimates.py; memory and time grow with every retry.
# --set-resources RULE:NAME=VALUE and --set-threads RULE=N override them.
from gramflow.view import estimates as needs
from gramflow.media.probe import Probe


def painting_threads(_):
    """CPU cores of a painting job.

    All of a machine with one GPU, an equal share where it has several, a few on a cluster.
    """
    gpus = workflow.resource_settings.resources.get("gpu")
    # Snakemake gives either a number or a Resource
    gpus = getattr(gpus, "value", gpus)
    return needs.painting_threads(workflow.resource_settings.cores, gpus)


def job_of(wildcards):
    """The plan's entry for a painting job."""
    return plan_of_job(wildcards.render).jobs[wildcards.part]


def look_of(wildcards):
    """The look of a render."""
    return CONFIG.looks[CONFIG.painted[wildcards.render].look]


def frames_to_paint(wildcards):
    """Number of a job's pictures that are not in the store."""
    made = set(job_of(wildcards).made)
    return len(made) - len(PAINTED.sizes(made))


def painting_mb(wildcards, attempt):
    return (
        needs.network_mb(*plan_of_job(wildcards.render).size, CONFIG.memory) * attempt
    )


def painting_minutes(wildcards, attempt):
    plan, job = plan_of_job(wildcards.render), job_of(wildcards)
    look, frames = look_of(wildcards), len(job.part.places)
    effort = needs.effort_of(CONFIG, look, plan.size)
    anew = job.anew(frames, bool(plan.backs))
    evaluations = needs.evaluations_of(look, effort, frames, anew)
    # the flow is found meanwhile
    flow = needs.flow_minutes(*plan.size, frames if plan.backs else 0)
    return max(needs.painting_minutes(*plan.size, evaluations), flow) * attempt


def painted_mb(wildcards):
    frames = len(job_of(wildcards).part.places)
    return needs.frames_mb(*plan_of_job(wildcards.render).size, frames, bits=16)


def targets_mb(wildcards, attempt):
    _, look = target_of(wildcards)
    size = [style_sides(look)[look.width]] * 2
    return needs.network_mb(*size, CONFIG.memory) * attempt


def training_mb(wildcards, attempt):
    return painting_mb(wildcards, attempt) + needs.LEARNING_MB * attempt


def training_minutes(wildcards, attempt):
    plan = plan_of_job(wildcards.render)
    effort = needs.effort_of(CONFIG, look_of(wildcards), plan.size)
    return needs.training_minutes(*plan.size, effort) * attempt


def capture_minutes(wildcards, attempt):
    return (CONFIG.videos[wildcards.video]["seconds"] / 60 + 10) * attempt


def probe_mb(_, attempt):
    # the probe test-encodes two frames of each size
    return max(needs.film_mb(*size) for size in film_sizes(CONFIG)) * attempt


def extract_mb(_, input, attempt):
    probe = read(Probe, fetch(input.probe))
    return needs.film_mb(probe.width, probe.height) * attempt


def extract_minutes(_, input, attempt):
    probe = read(Probe, fetch(input.probe))
    return needs.film_minutes(probe.width, probe.height, probe.frames) * attempt


def extracted_mb(_, input):
    probe = read(Probe, fetch(input.probe))
    return needs.frames_mb(probe.width, probe.height, probe.frames, probe.bits)


def mask_mb(_, input, attempt):
    return extract_mb(_, input, attempt)


def mask_minutes(_, input, attempt):
    # the flow, along which drawn masks are carried, takes the longest
    probe = read(Probe, fetch(input.probe))
    return needs.flow_minutes(*probe.upright, 2 * probe.frames) * attempt


def encode_mb(wildcards, attempt):
    return needs.film_mb(*plan_of_job(wildcards.render).size) * attempt


def encode_minutes(wildcards, attempt):
    plan = plan_of_job(wildcards.render)
    return needs.film_minutes(*plan.size, plan.length) * attempt


def page_mb(wildcards, input, attempt):
    # it reads the video's frames, which may be larger than the painted ones
    probe = read(Probe, fetch(input.probe))
    size = max(plan_of_job(wildcards.render).size, (probe.width, probe.height))
    return needs.film_mb(*size) * attempt


def page_minutes(wildcards, input, attempt):
    probe = read(Probe, fetch(input.probe))
    length = plan_of_job(wildcards.render).length
    return needs.film_minutes(probe.width, probe.height, length) * attempt


def measure_minutes(wildcards, attempt):
    plan = plan_of_job(wildcards.render)
    return needs.flow_minutes(*plan.size, plan.length) * attempt


def encoded_mb(wildcards):
    plan = plan_of_job(wildcards.render)
    bits = 8 if CONTAINER == "mp4" else 16
    return needs.frames_mb(*plan.size, plan.length, bits=bits)
