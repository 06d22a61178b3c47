# Loads and checks the config. Input functions that several stages use; they read and never write.
import sys
from contextlib import suppress
from functools import cache

from gramflow.base.errors import GramflowError
from gramflow.engine import backend
from gramflow.film.digests import replaced
from gramflow.film.sizes import film_sizes, style_sides
from gramflow.film.plan import Plan
from gramflow.media.pictures import check_styles
from gramflow.settings.config import check_apart, load
from gramflow.settings.encoding import FRAMES, container_of
from gramflow.settings.videos import is_stored, video_files
from gramflow.store import layout, products
from gramflow.store.plans import trained_file

try:
    CONFIG = load(config)
    check_styles(CONFIG)
    if APART:
        check_apart(CONFIG)
    else:
        backend.chosen()  # is installed
except GramflowError as error:
    # no WorkflowError, to which Snakemake would add positions in this file
    sys.exit(f"ERROR: {error}")

LAYOUT = layout.Layout(CONFIG)
CONTAINER = container_of(CONFIG.encode)
IS_FOLDER = CONTAINER == FRAMES
NEEDS_COPIES = not products.plays_in_browsers(CONFIG.encode)


wildcard_constraints:
    video="[^/.]+",
    mask="[^/.]+",
    render="[^/]+",
    part=r"(keyframes|pass\d+)/\d+-\d+",
    digest="[0-9a-f]{16}",
    claim="[0-9a-f]{16}",
    target="[0-9a-f]{16}",
    product="[a-z]+",
    number=r"\d+",


def get_source(wildcards):
    """The film, the pictures of a sequence, or the recording of a camera or stream."""
    files = video_files(CONFIG.videos[wildcards.video])
    if files and is_stored(files[0]):
        return [storage(files[0])]
    return mounted(files) or [LAYOUT.capture(wildcards.video)]


def get_probe_of_video(wildcards):
    """A video's probe, whose time does not matter, unless the video is in a storage.

    A stored video that was replaced is known by its time alone. Snakemake (9.27) does not compare a
    job's times if a job before it has to run, since that makes it run, too; but `ancient` ones do not.
    """
    probe = LAYOUT.probe(wildcards.video)
    stored = is_stored(CONFIG.videos[wildcards.video]["path"])
    return probe if stored else ancient(probe)


def video_of(wildcards):
    """The video of a render."""
    return CONFIG.painted[wildcards.render].video


def render_labels(wildcards):
    """What the report calls a render: a column for each part of its name."""
    return CONFIG.renders[wildcards.render].labels


def get_probe(wildcards):
    """The probe of a render's video."""
    return LAYOUT.probe(video_of(wildcards))


def get_manifest(wildcards):
    """The manifest of a render's video."""
    return LAYOUT.manifest(video_of(wildcards))


def get_masks(wildcards):
    """The masks that a render's look needs."""
    render = CONFIG.painted[wildcards.render]
    return [LAYOUT.mask(render.video, mask) for mask in CONFIG.masks_of(render)]


def get_plan(wildcards):
    """The plan of a render."""
    return LAYOUT.plan(CONFIG.painted[wildcards.render])


def get_pictures(wildcards):
    """The pictures of a render's style."""
    return mounted(CONFIG.styles[CONFIG.renders[wildcards.render].style].images)


def get_job(wildcards):
    """The plan's entry for a painting job."""
    return plan_of(wildcards.render).jobs[wildcards.part]


def get_targets(wildcards):
    """The target files of a render's styles."""
    return targets_of(wildcards.render)


def get_trained(wildcards):
    """The file with what a render's stylizer has learnt, if it learns."""
    return trained_of(wildcards.render)


def get_plans_needed(wildcards):
    """Plans of the renders that a render learns from, or that paint some of its film's shots."""
    return list(map(LAYOUT.plan, CONFIG.needed_by(CONFIG.painted[wildcards.render])))


def get_examples(wildcards):
    """Records of the renders that a render's stylizer learns from."""
    examples = examples_of(wildcards.render)
    return [record for example in examples for record in records_of(example.name)]


def get_records_needed(wildcards):
    """Records of the parts that a part starts from."""
    jobs = plan_of(wildcards.render).jobs
    return [
        record_path(wildcards.render, jobs[name])
        for name in get_job(wildcards).part.needs
    ]


def get_records(wildcards):
    """Records of the parts whose frames make a render's film."""
    return records_of(wildcards.render)


def get_all_records(_):
    """The records of all renders."""
    return [record for render in CONFIG.painted for record in records_of(render)]


def records_of(render):
    """Records of the parts whose frames make a render's film."""
    return [record_path(name, job) for name, job in plan_of(render).film]


def examples_of(render):
    """The renders that a render's stylizer learns from."""
    return CONFIG.examples_of(CONFIG.painted[render])


def targets_of(render):
    """The target files of a render's styles."""
    targets = plan_of(render).targets.values()
    return [layout.TARGETS.format(target=target) for target in targets]


def trained_of(render):
    """[path] of the file with what a render's stylizer has learnt; [] if it learns nothing."""
    file = trained_file(plan_of(render))
    return [str(file)] if file else []


def record_path(render, job):
    """Path of a job's record."""
    return layout.record(render, job.part.name, job.claim)


@cache
def plan_of(render):
    """A render's plan, for input functions. Until it is made, Snakemake asks again later."""
    name = LAYOUT.plan(CONFIG.painted[render])
    checkpoints.plan.get(render=render, digest=layout.digest_in(name))
    return read(Plan, fetch(name))


def plan_of_job(render):
    """A render's plan, for a job's resources. Until it is made, Snakemake shows <TBD>."""
    name = LAYOUT.plan(CONFIG.painted[render])
    copy = copy_of(name)
    return read(Plan, copy if copy.is_file() else fetch(name))


def product_claim(render, product, plan):
    """The claim that the certificate of a render's product must have."""
    chosen = CONFIG.renders[render]
    probe = LAYOUT.probe(chosen.video) if product in ("film", "page") else ""
    return products.claim(CONFIG, chosen, plan, product, probe)


def target_of(wildcards):
    """A style and a look whose targets are in a file, by the renders' plans."""
    for name, render in CONFIG.painted.items():
        with suppress(FileNotFoundError):
            for style, target in plan_of_job(name).targets.items():
                if target == wildcards.target:
                    return CONFIG.styles[style], CONFIG.looks[render.look]
    raise replaced("styles")
