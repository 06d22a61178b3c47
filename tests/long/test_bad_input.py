"""What a user sees when something is wrong: one line that says what to do, nothing half-written."""

import re
import shlex
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.media import film, make, moving, pictures, tone
from tests.support.project import Project, Run

NETWORK = '''
from gramflow.engine.networks import VGG16

class Tiny(VGG16):
    """One convolution, quick to build."""

    name = "tiny"
    layers = ("conv",)
    weights_url = "http://127.0.0.1:{port}/tiny.h5"
    weights_hash = "0" * 32

    def architecture(self):
        import keras

        picture = keras.Input((None, None, 3))
        layer = keras.layers.Conv2D(8, 3, padding="same", activation="relu", name="conv")
        return keras.Model(picture, layer(picture), name="tiny")

class Unserved(VGG16):
    """The whole network."""

    name = "unserved"
    weights_url = "http://127.0.0.1:{port}/unserved.h5"
'''


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film, a style picture, and a network whose weights nobody serves."""
    folder = tmp_path_factory.mktemp("material")
    film(folder / "room.mp4", seconds=0.1)
    pictures(folder, 1)[0].rename(folder / "night.png")
    (folder / "text.mp4").write_text("Dear diary\n")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    (folder / "tiny.py").write_text(NETWORK.format(port=port))
    return folder


@pytest.fixture
def project(material: Path, tmp_path: Path) -> Project:
    """A folder in which everything is right; its paths lead to the material."""
    layers = {"layers": {"conv": 1.0}}
    losses = dict.fromkeys(("content", "gram", "moments"), layers)
    shutil.copy(material / "tiny.py", tmp_path)
    look = {"width": 32, "evaluations": 2, "losses": losses}
    return Project(
        tmp_path,
        {
            "weights": "random",
            "plugins": ["tiny.py"],
            "network": "tiny",
            "videos": {"room": {"path": str(material / "room.mp4")}},
            "styles": {"night": {"images": [str(material / "night.png")]}},
            "looks": {"default": look},
        },
        quiet=True,
    )


def complaints(run: Run) -> list[str]:
    """The lines for the user, sorted.

    Snakemake ends its own messages by a second write: a line may stand right after one of them.
    """
    assert "Traceback" not in run.output
    return sorted(re.findall("ERROR: (.*)", run.output))


def complaint(run: Run) -> str:
    """The one line for the user."""
    (line,) = complaints(run)
    return line


def made(project: Project) -> list[str]:
    """The files that stages left, but logs, locks and the page; a temporary file is hidden."""
    folder = project.folder
    parts = (folder / part for part in ("results", "work", "store"))
    paths = [path for part in parts for path in part.rglob("*") if path.is_file()]
    begun = (folder / "results/index.html", *folder.glob("results/page/*.live.js"))
    assert not [path for path in paths if path.name.startswith(".")]
    return sorted(
        str(path.relative_to(folder))
        for path in paths
        if path.suffix != ".lock" and path not in begun
    )


LAYER = {"default": {"losses": {"gram": {"layers": {"block9_conv1": 1.0}}}}}


# -- the config --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value", "start", "remedy"),
    [
        (
            "videos",
            {"room": {"path": "lost.mp4"}},
            "videos.room.path: lost.mp4",
            "correct the path",
        ),
        ("videos", {"../up": {"path": "lost.mp4"}}, "videos.'../up': ", "such as up"),
        ("lukcs", {}, "lukcs: unknown key", "did you mean looks?"),
        ("network", "vgg166", "network: ", "did you mean vgg16"),
        (
            "looks",
            {"default": {"preset": "drift"}},
            "looks.default.preset: ",
            "did you mean draft?",
        ),
        (
            "looks",
            {"default": {"width": 1}},
            "looks.default.width: 1 ",
            "give a whole number of at least",
        ),
        ("looks", LAYER, "looks.default.losses.gram.layers.block9_conv1: ", "did you mean block"),
        ("plugins", ["lost.py"], "plugins[0]: lost.py cannot be read", "give the path of a Python"),
        ("looks", {"default": {"width": 33}}, "looks.default.width: 33 is odd", "give 32 or 34"),
    ],
)
def test_a_wrong_config_is_one_line(
    project: Project, key: str, value: Any, start: str, remedy: str
) -> None:
    project.config["network"] = "vgg16"
    project.config["looks"] = {}
    project.config[key] = value
    run = project.run(fails=True)
    assert complaint(run).startswith(start)
    assert remedy in complaint(run)
    # but for the profile's name
    assert len(run.output.splitlines()) == 2
    assert made(project) == []


# -- videos and styles -------------------------------------------------------------------------


def test_media_that_are_none(project: Project, material: Path) -> None:
    folder = project.folder
    (folder / "empty.mp4").touch()
    make(*moving(0.1), "-frames:v", "0", str(folder / "blank.avi"))
    make(*tone(0.1), str(folder / "sound.mp4"))
    whole = film(folder / "cut.mp4", "-movflags", "+faststart", seconds=1).read_bytes()
    (folder / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    for number in (1, 2):
        (folder / f"{number}.png").write_text("no picture\n")
    bad = {name: {"path": f"{name}.mp4"} for name in ("empty", "sound", "cut")}
    bad["text"] = {"path": str(material / "text.mp4")}
    bad["blank"] = {"path": "blank.avi"}
    bad["walk"] = {"path": "[12].png", "fps": 12}
    project.config["videos"] |= bad
    # one that begins as a picture does; another one is found sooner, see below
    (folder / "letter.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    project.config["styles"]["letter"] = {"images": ["letter.png"]}
    project.config["renders"] = [
        {"video": list(bad), "style": "night"},
        {"video": "room", "style": "letter"},
    ]
    lines = complaints(project.run("--keep-going", fails=True))
    told = {line.split(": ", 1)[0]: line for line in lines}
    assert len(lines) == len(told) == 7
    assert "has no frames; give a film that has" in told["videos.blank.path"]
    assert "is cut off" in told["videos.cut.path"]
    assert "give a film such as .mp4" in told["videos.empty.path"]
    assert "give a film such as .mp4" in told["videos.text.path"]
    assert "give a file with moving pictures" in told["videos.sound.path"]
    assert "1.png: not a picture; give a PNG" in told["videos.walk.path"]
    assert "not a picture that can be read" in told["styles.letter.images[0]"]
    kept = [path for path in made(project) if not path.startswith("store/frames/")]
    assert [re.sub(r"\.[0-9a-f]{16}\.", ".", path) for path in kept] == [
        "work/renders/room.letter/plan.json",
        "work/room/manifest.json",
        "work/room/probe.json",
        "work/weights.json",
    ]


def test_a_film_as_a_style_is_found_before_anything_is_made(project: Project) -> None:
    film_path = project.config["videos"]["room"]["path"]
    project.config["styles"]["letter"] = {"images": [film_path]}
    line = complaint(project.run(fails=True))
    assert line.startswith(f"styles.letter.images[0]: {film_path}: not a picture; give a PNG")
    assert made(project) == []


def test_any_path_and_weights_that_nobody_serves(project: Project, material: Path) -> None:
    """Spaces, quotes, brackets and Unicode in paths; `auto` goes on with the bundled network."""
    folder = project.folder / "Ein Ordner" / "映画"
    folder.mkdir(parents=True)
    (folder / "Zürich [a].mp4").symlink_to(material / "room.mp4")
    (folder / "Bild 'x'.png").symlink_to(material / "night.png")
    place = folder.relative_to(project.folder)
    project.config["videos"] = {"room": {"path": str(place / "Zürich [a].mp4")}}
    project.config["styles"] = {"night": {"images": [str(place / "Bild 'x'.png")]}}
    del project.config["looks"]["default"]["losses"]
    project.config |= {"network": "unserved", "weights": "auto"}
    run = project.run(KERAS_HOME=str(project.folder / "keras"))
    assert complaints(run) == []
    (warning,) = [line for line in run.output.splitlines() if line.startswith("WARNING: ")]
    assert "weights: unserved.h5 could not be downloaded" in warning
    assert "the bundled VGG-19 is used" in warning
    assert warning in next(project.folder.glob("logs/weights.*.log")).read_text()
    (record,) = project.records("room.night")
    assert (record.weights["network"], record.weights["source"]) == ("vgg19", "bundled")
    assert f"WARNING: {record.weights['warning']}" == warning
    assert project.film("room.night")
    # the same frames as by the config that says so
    painted = project.painted()
    project.config |= {"network": "vgg19", "weights": "bundled"}
    project.run()
    assert project.painted() == painted


# -- the film ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "entry", "remedy"),
    [
        ({"codec": "libvpx"}, "encode: ", "give another codec"),
        ({"codec": "mpeg4", "pixel_format": "yuv444p"}, "encode.pixel_format: ", "give that"),
    ],
)
def test_no_frame_is_painted_for_a_film_that_cannot_be_made(
    project: Project, changes: dict[str, str], entry: str, remedy: str
) -> None:
    """Not even extracted."""
    project.config["encode"] = changes
    line = complaint(project.run(fails=True))
    assert line.startswith(entry) and remedy in line
    assert [path for path in made(project) if not path.startswith("work/weights")] == []


def test_no_frame_is_painted_either_when_the_settings_change_later(project: Project) -> None:
    """After the probe; and with others nothing is probed or painted anew."""
    project.run("--until", "extract")
    project.config["encode"] = {"codec": "libvpx"}
    assert complaint(project.run(fails=True)).startswith("encode: ")
    assert not [path for path in made(project) if "painted" in path or "pass" in path]

    project.config["encode"] = {}
    project.run()
    before = project.film("room.night")
    project.config["encode"] = {"crf": 40}
    assert project.run().jobs == 5  # the film, its page, a request for each, the whole page
    assert project.film("room.night") != before


# -- weights -----------------------------------------------------------------------------------


def test_imagenet_that_nobody_serves(project: Project) -> None:
    project.config["weights"] = "imagenet"
    home = str(project.folder / "keras")
    line = complaint(project.run("--until", "weights", fails=True, KERAS_HOME=home))
    assert line.startswith("weights: tiny.h5 could not be downloaded")
    assert line.endswith(
        "or set weights to the path of that file, or to bundled (with network: vgg19)"
    )
    assert made(project) == []


def test_weights_that_are_text(project: Project, material: Path) -> None:
    path = project.folder / "my weights.h5"
    path.write_text("Dear diary\n")
    project.config["weights"] = str(path)
    line = complaint(project.run("--until", "weights", fails=True))
    assert line.startswith(f"weights: {path} does not hold the weights of tiny")
    assert "give a *_notop.h5 file" in line
    assert made(project) == []


# -- the machine -------------------------------------------------------------------------------


def test_no_ffmpeg(project: Project, tmp_path_factory: pytest.TempPathFactory) -> None:
    programs = tmp_path_factory.mktemp("programs")
    for name in ("bash", "sh", "which"):  # the plugin for SLURM asks `which` for its commands
        (programs / name).symlink_to(str(shutil.which(name)))
    run = project.run(fails=True, PATH=str(programs), IMAGEIO_FFMPEG_EXE="/lost/ffmpeg")
    assert complaint(run).startswith("ffmpeg: not found; install ffmpeg")
    assert not [path for path in made(project) if "work/weights" not in path]


def run_on_full_disk(project: Project, folder: str, free: int, *arguments: str) -> Run:
    """Run Snakemake while `folder` is a disk of its own with `free` kilobytes left.

    The files that are there at the end are listed in the output, each after "LEFT ".
    """
    (project.folder / folder).mkdir(parents=True, exist_ok=True)
    script = f"""
        mount -t tmpfs -o size=1m tmpfs {folder} || exit 77
        head -c {1024 - free}k /dev/zero > {folder}/filling
        {shlex.join(project.command(*arguments))}
        status=$?
        find {folder} -type f ! -name filling -printf 'LEFT %f\\n'
        exit $status
    """
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script],
        cwd=project.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Run(done.returncode, done.stdout)


def left(run: Run) -> list[str]:
    """The files on the full disk."""
    return [line.split()[1] for line in run.output.splitlines() if line.startswith("LEFT ")]


@pytest.fixture
def may_mount() -> None:
    """Only where a disk of one's own can be made without asking anybody."""
    if not shutil.which("unshare"):
        pytest.skip("only Linux has small disks for everybody")
    done = subprocess.run(
        ["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
        capture_output=True,
        check=False,
    )
    if done.returncode:
        pytest.skip("this machine lets nobody mount a small disk")


@pytest.mark.usefixtures("may_mount")
def test_a_full_disk(project: Project) -> None:
    """In every stage that writes much; then, with space again, the film."""
    remedy = "no space left on this disk; free some and run again"
    run = run_on_full_disk(project, "store/frames", 8)
    assert run.status == 1
    assert remedy in complaint(run)
    assert 0 < len(left(run)) < 3
    assert all(len(name) == 68 for name in left(run))  # 64 digits and .png
    assert [path.split(".")[0] for path in made(project)] == ["work/room/probe", "work/weights"]

    run = run_on_full_disk(project, "store/painted", 8)
    assert remedy in complaint(run)
    assert 0 < len(left(run)) < 3
    assert not [path for path in made(project) if "pass1" in path]

    run = run_on_full_disk(project, "results", 0, "--", "results/room.night.mp4")
    assert complaint(run).startswith(f"results: {remedy}")
    assert left(run) == []
    run = run_on_full_disk(project, "results", 0, "--", "results/room.night.loss.png")
    assert complaint(run).startswith(f"results: {remedy}")
    assert left(run) == []

    # the film, what is told of it, and the page: the painting was kept
    assert project.run().jobs == 5
