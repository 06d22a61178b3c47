# Loads and checks the config; input functions that serve several stages.
import sys
from functools import cache
from pathlib import Path

from gramflow import bundled, recipes, records, store
from gramflow.assembly import needed_layers
from gramflow.config import check_apart, is_stored, load, video_files
from gramflow.errors import GramflowError
from gramflow.files import canonical
from gramflow.manifest import Manifest

try:
    CONFIG = load(config)
    if APART:
        check_apart(CONFIG)
except GramflowError as error:
    # not a WorkflowError, which Snakemake shows with places in this file
    sys.exit(f"ERROR: {error}")


# one of the renders behind each target file
TARGETS = {
    recipes.target_name(CONFIG, CONFIG.styles[r.style], CONFIG.looks[r.look]): r
    for r in CONFIG.renders.values()
}
for name in TARGETS:
    check(f"work/targets/{name}.npz", records.set_aside_unless_whole)


def file_stamp(file):
    """What changes when a file is replaced, by an older one too; of an object, its address."""
    if is_stored(file):
        return file
    status = Path(file).stat()
    return status.st_size, status.st_mtime_ns


WEIGHTS_FILES = [CONFIG.weights] if Path(CONFIG.weights).is_file() else []
WEIGHTS_SETTINGS = recipes.digest(
    [
        CONFIG.weights,
        CONFIG.network,
        [file_stamp(file) for file in WEIGHTS_FILES],
        # whether the bundled network can stand in
        needed_layers(CONFIG) if CONFIG.weights == "auto" else [],
        bundled.identity() if CONFIG.weights in ("auto", "bundled") else "",
    ]
)
check("work/weights.json", records.set_aside_unless_by, WEIGHTS_SETTINGS)


wildcard_constraints:
    video="[^/.]+",
    render="[^/]+",
    part=r"(keyframes|pass\d+)/\d+-\d+",
    target="[0-9a-f]+",


def get_source(wildcards):
    """The film, the pictures of a sequence, or what is recorded of a camera or stream."""
    files = video_files(CONFIG.videos[wildcards.video])
    if files and is_stored(files[0]):
        return [storage(files[0])]
    return mounted(files) or [f"work/{wildcards.video}/capture.mkv"]


def video_settings(video, *keys):
    """What a rule depends on of a video's entry in the config, in its one spelling."""
    return canonical({key: CONFIG.videos[video][key] for key in keys})


@cache
def extraction(video):
    """Digest of what the frames of a video depend on."""
    settings = CONFIG.videos[video]
    return recipes.digest(
        [settings, [file_stamp(file) for file in video_files(settings)]]
    )


def get_targets(wildcards):
    """The target file of a render's style."""
    render = CONFIG.renders[wildcards.render]
    style, look = CONFIG.styles[render.style], CONFIG.looks[render.look]
    return f"work/targets/{recipes.target_name(CONFIG, style, look)}.npz"


def get_manifest(wildcards):
    """The manifest of a render's video."""
    return manifest_of(wildcards.render)


def get_claim(wildcards):
    """What the record of a part has to claim."""
    return plans_of(wildcards.render)[wildcards.part].claim


def get_records_needed(wildcards):
    """The records of the parts that this one goes on from."""
    needs = plans_of(wildcards.render)[wildcards.part].needs
    return [record_path(wildcards.render, name) for name in needs]


def get_records(wildcards):
    """The records of the segments that a render's film is made of."""
    return records_of(wildcards.render)


def get_all_records(_):
    """The records of all renders."""
    return [record for render in CONFIG.renders for record in records_of(render)]


def manifest_of(render):
    """The manifest's path; one without all its frames in the store is made again."""
    video = CONFIG.renders[render].video
    check_manifest(video)
    return checkpoints.extract.get(video=video).output.manifest


@cache
def check_manifest(video):
    """The check, once per manifest and not for each of its segments."""
    check(
        manifest_path(video),
        records.set_aside_unless_complete,
        extraction(video),
        store.frames(CONFIG.store),
    )


def manifest_path(video):
    """The manifest of a video."""
    return f"work/{video}/manifest.json"


@cache
def manifest_by(path, modified):
    """A manifest, read once."""
    return Manifest.load(path)


def plans_of(render):
    """What each part of a render has to do."""
    manifest_of(render)
    path = fetched(manifest_path(CONFIG.renders[render].video))
    return plans_by(render, path, path.stat().st_mtime_ns)


@cache
def plans_by(render, manifest, modified):
    """The same, once per manifest; a record that is not true any more is made again."""
    read = manifest_by(manifest, modified)
    plans = recipes.plans(CONFIG, CONFIG.renders[render], read)
    painted = store.painted(CONFIG.store)
    for name, plan in plans.items():
        path = record_path(render, name)
        check(path, records.set_aside_unless_true, plan.claim, painted)
    return plans


def records_of(render):
    """The records of the segments that a render's film is made of."""
    plans = plans_of(render)
    return [record_path(render, name) for name, plan in plans.items() if plan.final]


def record_path(render, part):
    """The record of a part."""
    return f"work/renders/{render}/{part}.json"
