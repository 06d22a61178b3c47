"""Questions change nothing, and what is damaged or lost is made again, that alone."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.project import COPYING, Project
from tests.support.tiny import FRAMES, wait_for, write_film, write_style


def make_project(folder: Path) -> Project:
    """One video in two styles, in segments of three frames, painted by a stylizer that copies."""
    folder.mkdir(parents=True)
    write_film(folder / "clip.mkv")
    for seed, name in enumerate(("red", "blue")):
        write_style(folder / f"{name}.png", seed)
    (folder / "copying.py").write_text(COPYING)
    return Project(
        folder,
        {
            "weights": "random",
            "plugins": ["copying.py"],
            "videos": {"clip": {"path": "clip.mkv"}},
            "styles": {name: {"images": [f"{name}.png"]} for name in ("red", "blue")},
            "looks": {"default": {"width": 32, "stylizer": "copying"}},
            "segment_frames": 3,
        },
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A finished project; not to be changed."""
    project = make_project(tmp_path_factory.mktemp("finished") / "project")
    project.run()
    return project


@pytest.fixture
def project(finished: Project, tmp_path: Path) -> Project:
    """A copy of the finished project, with its times."""
    return finished.copied(tmp_path / "project")


OWN = (".lock", ".yaml")
"""Of files that a lock needs, and of the config that a test writes."""


def state(project: Project) -> dict[str, tuple[str, int]]:
    """Content and time of every file, but those that Snakemake and Python keep for themselves."""
    found = {}
    for path in project.folder.rglob("*"):
        name = str(path.relative_to(project.folder))
        own = name.startswith(".snakemake") or "__pycache__" in name or path.suffix in OWN
        if path.is_file() and not own:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            found[name] = digest, path.stat().st_mtime_ns
    return found


OTHER = {
    "nothing": {},
    "another end": {"videos": {"clip": {"path": "clip.mkv", "end": 0.25}}},
    "another look": {"looks": {"default": {"width": 48, "stylizer": "copying"}}},
    "other weights": {"weights": "auto"},
    "another film": {"encode": {"crf": 40}},
}
QUESTIONS = (["--dry-run"], ["--list-rules"], ["--summary"], ["--dag"])


@pytest.mark.parametrize("other", OTHER)
def test_questions_change_nothing(project: Project, other: str) -> None:
    """Whatever the config, and after them there is nothing to do."""
    before, config = state(project), project.config
    project.config = config | OTHER[other]
    for question in QUESTIONS if other == "another look" else QUESTIONS[:1]:
        project.run(*question)
    assert state(project) == before
    project.config = config
    run = project.run()
    assert run.jobs == 0 and state(project) == before


@pytest.mark.parametrize("command", ["status", "plan", "verify"])
def test_commands_change_nothing(project: Project, command: str) -> None:
    """But what `plan` has timed once."""
    project.command()
    before = state(project)
    gramflow = str(Path(sys.executable).with_name("gramflow"))
    subprocess.run([gramflow, command], cwd=project.folder, check=True, capture_output=True)
    after = state(project)
    after.pop("work/calibration.json", None)
    assert after == before


def test_another_look_and_back_paints_nothing(project: Project) -> None:
    """Even when Snakemake's own memory is lost in between: the film is that of the config."""
    painted, film, config = project.painted(), project.film("clip.red"), project.config
    project.config = config | OTHER["another look"]
    project.run()
    assert project.film("clip.red") != film
    more = project.painted()
    assert painted.items() <= more.items() and len(more) > len(painted)
    shutil.rmtree(project.folder / ".snakemake")
    project.config = config
    run = project.run()
    assert "rule stylize" not in run.output and "rule extract" not in run.output
    assert project.film("clip.red") == film
    assert project.painted() == more
    assert project.run().jobs == 0


def test_grain_is_added_to_the_film_alone(project: Project) -> None:
    """Other grain encodes the film again, and paints nothing; its frames stay clean."""
    painted, film = project.painted(), project.film("clip.red")
    reports = [f"results/clip.red.{name}" for name in ("loss.csv", "temporal.json")]
    before = {name: state(project)[name] for name in reports}
    project.config["looks"] = {"default": {"width": 32, "stylizer": "copying", "grain": 1}}
    project.config["renders"] = [{"style": "red"}]
    run = project.run()
    started = (line.split() for line in run.output.splitlines() if line.startswith("localrule "))
    assert {words[1] for words in started} == {
        "again:",
        "encode:",
        "page:",
        "index:",
        "everything:",
    }
    assert project.film("clip.red") != film
    assert project.painted() == painted and before.items() <= state(project).items()


def test_a_dry_run_tells_how_many_frames_it_would_paint(project: Project, tmp_path: Path) -> None:
    """Each once, whatever the number of renders; about as many where none is extracted yet."""
    lost = project.frames("clip.red")[4]["key"]
    project.folder.joinpath("store/painted", lost[:2], f"{lost}.png").unlink()
    assert "\n1 frame to paint in 1 job\n" in project.run("--dry-run").output
    project.run()
    assert "to paint" not in project.run("--dry-run").output
    new = make_project(tmp_path / "new")
    assert "; not known yet: clip\n" in new.run("--dry-run").output
    new.run("--until", "probe")
    told = "about 12 frames to paint in about 6 jobs; not planned yet: clip"
    assert f"\n{told}\n" in new.run("--dry-run").output


def test_a_folder_of_an_older_version(project: Project) -> None:
    """Its extracted frames are used again, its painted ones left alone; that is said once."""
    (manifest,) = project.folder.glob("work/clip/manifest.*.json")
    manifest.rename(manifest.with_name("manifest.json"))
    shutil.rmtree(project.folder / "work/renders")
    shutil.rmtree(project.folder / ".snakemake")
    project.folder.joinpath("work/weights.json").write_text("{}")
    before = {name: value for name, value in state(project).items() if name.startswith("store")}
    output = project.run().output
    assert output.count("this folder is of an older gramflow") == 1 and "Traceback" not in output
    assert before.items() <= state(project).items()
    assert project.run().jobs == 0


# -- damaged -----------------------------------------------------------------------------------


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def replaced(path: Path) -> None:
    """Valid JSON, but of something else."""
    path.write_text('{"a": 1}\n')


def bitten(path: Path) -> None:
    """Some bytes in the middle are missing; the end is as it was."""
    data = path.read_bytes()
    path.write_bytes(data[:60] + data[70:])


@pytest.mark.parametrize(
    ("pattern", "damage"),
    [
        ("work/clip/probe.*.json", cut),
        ("work/clip/manifest.*.json", replaced),
        ("work/weights.*.json", replaced),
        ("work/renders/clip.red/plan.*.json", cut),
        ("work/renders/clip.red/plan.*.json", replaced),
        ("work/renders/clip.red/pass1/000003-*.json", replaced),
        ("work/renders/clip.red/film.json", cut),
    ],
)
def test_a_damaged_file_is_made_again(
    project: Project, pattern: str, damage: Callable[[Path], None]
) -> None:
    """As it was, without painting; and never a traceback."""
    (path,) = project.folder.glob(pattern)
    before, painted = path.read_bytes(), project.painted()
    damage(path)
    shown = project.run("--dry-run").output
    assert "rule again" in shown
    run = project.run()
    assert "Traceback" not in run.output and run.jobs >= 2
    if "pass1" not in pattern:  # a record tells that its frames were there before
        assert path.read_bytes() == before
    assert project.painted() == painted
    assert project.run().jobs == 0


@pytest.mark.parametrize("damage", [emptied, bitten, Path.unlink])
@pytest.mark.parametrize("kind", ["painted", "frames"])
def test_a_damaged_or_lost_frame_is_made_again_alone(
    project: Project, kind: str, damage: Callable[[Path], None]
) -> None:
    """Without touching the film."""
    films = state(project)["results/clip.red.mp4"]
    manifest = project.manifest("clip")
    key = project.frames("clip.red")[4]["key"] if kind == "painted" else manifest["frames"][4]
    path = project.folder / "store" / kind / key[:2] / f"{key}.png"
    whole = path.read_bytes()
    others = {other: value for other, value in state(project).items() if "store/" in other}
    del others[str(path.relative_to(project.folder))]
    damage(path)
    run = project.run()
    # a request; for a manifest, both plans and the page
    assert run.jobs == (2 if kind == "painted" else 5)
    # the seconds that a frame took are told in its file
    assert len(path.read_bytes()) == pytest.approx(len(whole), abs=8)
    assert others.items() <= state(project).items()
    assert state(project)["results/clip.red.mp4"] == films
    assert project.run().jobs == 0


def test_another_picture_by_the_name_of_a_frame_is_never_used(project: Project) -> None:
    """A valid one, with its note; noticed by its size, or where that is alike when it is read."""
    frames = project.frames("clip.red")
    paths = [
        project.folder / "store/painted" / frame["key"][:2] / f"{frame['key']}.png"
        for frame in (frames[1], frames[2])
    ]
    film = project.film("clip.red")
    shutil.copy(paths[1], paths[0])
    project.folder.joinpath("results/clip.red.mp4").unlink()
    run = project.run("--keep-going", fails=len(paths[0].read_bytes()) == frames[1]["bytes"])
    if run.status:
        assert "was damaged, and is removed; run again" in run.output
        project.run()
    assert project.film("clip.red") == film
    assert project.run().jobs == 0


def test_a_flipped_bit_is_noticed_when_read(project: Project) -> None:
    key = project.frames("clip.red")[4]["key"]
    path = project.folder / "store/painted" / key[:2] / f"{key}.png"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)
    film = project.film("clip.red")
    project.folder.joinpath("results/clip.red.mp4").unlink()
    run = project.run("--", "results/clip.red.mp4", fails=True)
    assert f"{key}.png: was damaged, and is removed; run again" in run.output
    assert "Traceback" not in run.output and not path.exists()
    assert project.run().jobs == 5  # requests, the frame, the film, the page
    assert project.film("clip.red") == film


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("clip.red.mp4", cut),
        ("clip.red.mp4", emptied),
        ("clip.red.loss.png", emptied),
        ("clip.red.temporal.png", cut),
    ],
)
def test_a_damaged_result_is_made_again(
    project: Project, name: str, damage: Callable[[Path], None]
) -> None:
    path = project.folder / "results" / name
    before, others = path.read_bytes(), project.film("clip.blue")
    damage(path)
    assert project.run().jobs == 2
    assert path.read_bytes() == before and project.film("clip.blue") == others
    assert project.run().jobs == 0


def test_verify_tells_what_no_listing_shows(project: Project) -> None:
    """And deletes it where that is asked for; the next run makes it again."""
    gramflow = [str(Path(sys.executable).with_name("gramflow")), "verify"]
    project.command()
    whole = subprocess.run(gramflow, cwd=project.folder, capture_output=True, text=True, check=True)
    assert "all of them are as they were made" in whole.stdout
    key = project.manifest("clip")["frames"][0]
    frame = project.folder / "store/frames" / key[:2] / f"{key}.png"
    film = project.folder / "results/clip.blue.mp4"
    for path in (frame, film):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    told = subprocess.run(gramflow, cwd=project.folder, capture_output=True, text=True, check=False)
    assert told.returncode == 1
    lines = told.stdout.splitlines()
    assert [line for line in lines if key in line] and [line for line in lines if "blue" in line]
    assert frame.is_file() and film.is_file()
    subprocess.run([*gramflow, "--delete"], cwd=project.folder, capture_output=True, check=False)
    assert not frame.exists() and not film.exists()
    project.run()
    assert subprocess.run(gramflow, cwd=project.folder, check=False).returncode == 0


# -- at the same time --------------------------------------------------------------------------


def test_questions_during_a_run_do_no_harm(tmp_path: Path) -> None:
    """Nor does a second run of the same files, which Snakemake's lock refuses."""
    project = make_project(tmp_path / "project")
    log = project.folder / "run.log"
    with log.open("w") as file:
        process = subprocess.Popen(
            project.command(), cwd=project.folder, stdout=file, stderr=subprocess.STDOUT
        )
    other = ["--configfile", "config.yaml", "--config", "segment_frames=2"]
    asked = refused = 0
    while process.poll() is None:
        project.run("--dry-run", "--nolock", *other)
        asked += 1
        if process.poll() is None and refused == 0:
            second = subprocess.run(
                project.command(), cwd=project.folder, capture_output=True, text=True, check=False
            )
            refused += "cannot be locked" in second.stdout + second.stderr
    assert process.returncode == 0, log.read_text()
    assert asked and refused
    assert len(project.frames("clip.red")) == FRAMES
    assert project.run().jobs == 0


def test_everything_between_is_made_again_where_it_is_needed(project: Project) -> None:
    """With the films and all small files gone, but the plans: from the frames that are there."""
    films, painted = [project.film("clip.red"), project.film("clip.blue")], project.painted()
    shutil.rmtree(project.folder / "results")
    for pattern in ("work/weights.*.json", "work/clip/*.json", "work/targets/*"):
        for path in project.folder.glob(pattern):
            path.unlink()
    run = project.run()
    assert "Traceback" not in run.output and "Exception" not in run.output
    assert [project.film("clip.red"), project.film("clip.blue")] == films
    assert project.painted() == painted
    assert project.run().jobs == 0


SLOW = COPYING.replace("        return", "        import time; time.sleep(0.5)\n        return")


def test_a_plugin_that_is_edited_during_a_run_paints_nothing(tmp_path: Path) -> None:
    """Its frames would have the keys of what was planned."""
    project = make_project(tmp_path / "project")
    (project.folder / "copying.py").write_text(SLOW)
    log = project.folder / "run.log"
    with log.open("w") as file:
        process = subprocess.Popen(
            project.command(), cwd=project.folder, stdout=file, stderr=subprocess.STDOUT
        )
    wait_for(lambda: len(project.painted()) > 0)
    (project.folder / "copying.py").write_text(SLOW.replace("Painted(frame)", "Painted(1 - frame)"))
    assert process.wait() != 0
    told = "looks.default: a file was replaced during the run; run again"
    assert told in log.read_text() and "Traceback" not in log.read_text()
    before = project.painted()
    project.run()
    keys = {frame["key"] for frame in project.frames("clip.red")}
    assert not keys & before.keys()


def test_two_folders_over_one_store(tmp_path: Path) -> None:
    """Started at the same time; each ends right."""
    projects = [make_project(tmp_path / name) for name in ("one", "two")]
    for project in projects:
        project.config["store"] = str(tmp_path / "store")
    processes = [
        subprocess.Popen(project.command(), cwd=project.folder, stdout=subprocess.DEVNULL)
        for project in projects
    ]
    assert [process.wait() for process in processes] == [0, 0]
    assert projects[0].film("clip.red") == projects[1].film("clip.red")
    assert [project.run().jobs for project in projects] == [0, 0]


def test_two_runs_of_other_renders(tmp_path: Path) -> None:
    """In one folder, once the video is extracted."""
    project = make_project(tmp_path / "project")
    project.run("--until", "extract", "weights")
    configs = [project.config | {"renders": [{"style": style}]} for style in ("red", "blue")]
    processes = []
    for number, config in enumerate(configs):
        own = Project(project.folder, config)
        command = own.command("--configfile", f"{number}.yaml")
        project.folder.joinpath("config.yaml").rename(project.folder / f"{number}.yaml")
        project.folder.joinpath("config.yaml").write_text("{}\n")
        processes.append(subprocess.Popen(command, cwd=project.folder))
    assert [process.wait() for process in processes] == [0, 0]
    project.command()
    assert project.run().jobs == 1  # the page of both
    assert project.film("clip.red") and project.film("clip.blue")
