"""What each job of a render paints, and the file that tells it."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gramflow.base.errors import GramflowError
from gramflow.film.digests import digest
from gramflow.film.identity import random_weights
from gramflow.film.keys import Keys
from gramflow.film.manifest import Manifest
from gramflow.film.plan import Plan, make_plan
from gramflow.film.recipes import target_name
from gramflow.film.sizes import working_size
from gramflow.settings.config import Config, load
from gramflow.settings.renders import Render
from tests.support.renders import config_with, manifest_of, painted_keys

WEIGHTS = random_weights("vgg16")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a plan is saved."""
    return tmp_path_factory.mktemp("plan") / "plan.json"


def plan_of(config: Config, manifest: Manifest) -> Plan:
    return make_plan(config, config.renders["clip.red"], manifest, WEIGHTS)


def keys_of(config: Config, manifest: Manifest) -> Keys:
    return painted_keys(config, config.renders["clip.red"], manifest, WEIGHTS)


@st.composite
def configs(draw: st.DrawFn) -> Config:
    """Frames that stand alone, or go on from one or from several, in one to three passes."""
    length, hold = draw(st.integers(1, 7)), draw(st.integers(1, 3))
    if draw(st.booleans()):
        return config_with("content", length, hold=hold)
    distances = draw(st.sampled_from([[1], [1, 2], [2, 4]]))
    losses = {"temporal": {"distances": distances}}
    passes = draw(st.integers(1, 3))
    return config_with("previous", length, passes=passes, losses=losses, hold=hold)


@st.composite
def manifests(draw: st.DrawFn) -> Manifest:
    """Up to forty frames in up to four shots; some repeat the one before."""
    frames = draw(st.lists(st.integers(0, 3), min_size=1, max_size=40))
    cuts = draw(st.sets(st.integers(1, len(frames)), max_size=3)) - {len(frames)}
    return manifest_of(frames, shots=(0, *sorted(cuts)))


@settings(max_examples=100)
@given(configs(), manifests())
def test_a_saved_plan_is_read_as_it_was(path: Path, config: Config, manifest: Manifest) -> None:
    """The order of its jobs included, and by equal bytes."""
    plan = plan_of(config, manifest)
    plan.save(path)
    found, written = Plan.load(path), path.read_bytes()
    assert found == plan
    assert list(found.jobs) == list(plan.jobs) == [job.part.name for job in found.jobs.values()]
    assert (found.frames, found.final) == (plan.frames, plan.final)
    found.save(path)
    assert path.read_bytes() == written


@pytest.mark.parametrize(
    ("start", "passes"), [("content", 1), ("previous", 1), ("previous", 2), ("previous", 3)]
)
def test_plans_of_several_shots_are_read_as_they_were(path: Path, start: str, passes: int) -> None:
    """With shots of one segment, of several, and of a single frame."""
    manifest = manifest_of(range(60), shots=(0, 3, 4, 50))
    plan = plan_of(config_with(start, 20, passes=passes), manifest)
    plan.save(path)
    assert Plan.load(path) == plan
    assert len(plan.jobs) == (1 if start == "previous" else 0) + 6 * passes


@settings(max_examples=100)
@given(configs(), manifests())
def test_a_job_has_the_keys_of_all_that_it_reads_or_makes(
    config: Config, manifest: Manifest
) -> None:
    """And all that it reads is made before: by itself, or by the jobs that it needs."""
    plan, keys = plan_of(config, manifest), keys_of(config, manifest)
    done: dict[str, set[tuple[int, int]]] = {}
    for name, job in plan.jobs.items():
        for stage, painted in job.keys.items():
            assert painted.items() <= keys[stage].items()
        there = set().union(*(done[needed] for needed in job.part.needs))
        for run in job.part.chains:
            for step in run.steps(list(plan.backs)):
                read = [(run.stage, other) for other in step.neighbours.values()]
                read += [] if step.lead is None else [(run.stage, step.lead)]
                read += [(run.stage - 1, step.number)] if run.stage > 1 else []
                for stage, number in read:
                    assert job.keys[stage][number] == keys[stage][number]
                # a keyframe is the same in every pass
                assert {(stage, n) for stage, n in read} <= there
                there.add((run.stage, step.number))
            if run.stage == 0:
                there |= {(stage, n) for _, n in there for stage in range(len(keys))}
        done[name] = there
        assert job.made == [keys[stage][number] for stage, number in job.part.places]
        assert job.told == [keys[job.part.stage][number] for number in job.part.frames]
        assert job.claim == digest(job.told)
        assert job.final == (job.part.stage == len(keys) - 1)


@settings(max_examples=100)
@given(configs(), manifests())
def test_the_jobs_make_the_film_and_every_picture_once(config: Config, manifest: Manifest) -> None:
    plan, keys = plan_of(config, manifest), keys_of(config, manifest)
    assert plan.frames == [keys[-1][number] for number in range(len(manifest.frames))]
    places = [place for job in plan.jobs.values() for place in job.part.places]
    assert len(places) == len(set(places))
    made = [key for job in plan.jobs.values() for key in job.made]
    assert set(made) == {key for stage in keys for key in stage.values()}


@settings(max_examples=30)
@given(configs(), manifests())
def test_each_painted_frame_is_held(config: Config, manifest: Manifest) -> None:
    """From its first frame on, counted in each shot; the frames between are never painted."""
    plan, hold = plan_of(config, manifest), config.looks["default"].hold
    ends = [*manifest.shots[1:], len(manifest.frames)]
    held: list[int] = []
    for first, end in zip(manifest.shots, ends, strict=True):
        held += [number - (number - first) % hold for number in range(first, end)]
    assert plan.frames == [plan.frames[number] for number in held]
    places = {number for job in plan.jobs.values() for _, number in job.part.places}
    assert places == set(held)


def test_a_held_film_is_painted_as_if_it_had_no_other_frames() -> None:
    """In every pass, with the leads into the next segments; in half as long segments."""
    losses = {"temporal": {"distances": [1, 2]}}
    for passes in (1, 2, 3):
        held = config_with("previous", 6, passes=passes, losses=losses, hold=2)
        plain = config_with("previous", 3, passes=passes, losses=losses)
        film = keys_of(held, manifest_of(range(17)))
        sparse = keys_of(plain, manifest_of(range(0, 17, 2)))
        for found, expected in zip(film, sparse, strict=True):
            assert {n // 2: key for n, key in found.items() if n % 2 == 0} == expected


def test_a_film_of_several_looks(path: Path) -> None:
    """Each shot has the keys that its look gives it in a film of its own; each is planned once."""
    config = load(
        {
            "videos": {"clip": {"path": __file__}},
            "styles": {"red": {"images": [__file__]}},
            "looks": {
                "default": {"width": 64, "passes": 2},
                "held": {"width": 64, "hold": 2},
                "alone": {"width": 64, "start": "content"},
            },
            "renders": [
                {"shots": {2: "held", 4: "alone"}},
                {"look": ["held", "alone"], "shots": {1: "default"}},
                {"look": "default", "style": "red", "shots": {2: "held", 4: "alone"}},
            ],
            "segment_frames": 3,
        }
    )
    manifest = manifest_of(range(20), shots=(0, 4, 11, 15))
    plan = make_plan(config, config.renders["clip.red"], manifest, WEIGHTS)
    plan.save(path)
    assert Plan.load(path) == plan
    for shot, look in {1: "default", 2: "held", 3: "default", 4: "alone"}.items():
        plain = make_plan(config, Render("clip", "red", look), manifest, WEIGHTS)
        first, end = [*manifest.shots, 20][shot - 1 : shot + 1]
        assert plan.frames[first:end] == plain.frames[first:end]
    assert plan.length == 20 and len(plan.made) == 2 * (4 + 2)
    others = [
        make_plan(config, config.painted[name], manifest, WEIGHTS)
        for name in ("clip.red+held", "clip.red+alone")
    ]
    assert [len(other.made) for other in others] == [4, 5]
    assert {key for each in (plan, *others) for key in each.made} >= set(plan.frames)


def test_all_shots_may_have_other_looks() -> None:
    """Then the film's own look paints nothing."""
    config, film = config_with("previous"), manifest_of(range(8), shots=(0, 5))
    looks = config.looks | {"other": replace(config.looks["default"], name="other", evaluations=9)}
    shots = tuple((number, "red", "other") for number in (1, 2))
    render = replace(config.renders["clip.red"], shots=shots)
    plan = make_plan(replace(config, looks=looks), render, film, WEIGHTS)
    assert (plan.jobs, plan.made, plan.length) == ({}, [], 8)
    late = replace(render, shots=((3, "red", "other"),))
    with pytest.raises(GramflowError, match=r"^renders\.shots\.3: clip\.red has no such shot"):
        make_plan(config, late, film, WEIGHTS)


def test_a_plan_tells_what_its_render_is_made_of() -> None:
    config, manifest = config_with("previous"), manifest_of(range(8))
    plan, look = plan_of(config, manifest), config.looks["default"]
    assert (plan.render, plan.manifest) == ("clip.red", manifest.digest)
    assert plan.size == working_size(look, manifest) == (64, 48)
    assert plan.targets == {"red": target_name(config, config.styles["red"], look, WEIGHTS)}
    assert plan.backs == (1,) and plan_of(config_with("content"), manifest).backs == ()


def test_parts_need_keyframes_and_the_pass_before() -> None:
    config, manifest = config_with("previous", passes=2), manifest_of(range(8), shots=(0, 5))
    found = plan_of(config, manifest).jobs
    assert {name: job.part.needs for name, job in found.items()} == {
        "keyframes/000000-000004": (),
        "pass1/000000-000002": ("keyframes/000000-000004",),
        "pass2/000000-000002": ("pass1/000000-000002",),
        "pass1/000003-000004": ("keyframes/000000-000004",),
        "pass2/000003-000004": ("pass1/000003-000004",),
        "pass1/000005-000007": (),
        "pass2/000005-000007": ("pass1/000005-000007",),
    }
    assert [name for name, job in found.items() if job.final] == [
        name for name in found if name.startswith("pass2")
    ]
    assert len({job.claim for job in found.values()}) == 7
    jobs = plan_of(config_with("content"), manifest).jobs
    assert {job.part.needs for job in jobs.values()} == {()}
    assert all(job.final and name.startswith("pass1") for name, job in jobs.items())


@pytest.mark.parametrize(
    "damage", ["", "{", "null", "3", "[]", "{}", '{"jobs": [["a", {}]]}', "cut"]
)
def test_a_damaged_plan_is_a_value_error(path: Path, damage: str) -> None:
    plan_of(config_with("previous"), manifest_of(range(8))).save(path)
    path.write_text(path.read_text()[:-20] if damage == "cut" else damage)
    with pytest.raises(ValueError):
        Plan.load(path)
