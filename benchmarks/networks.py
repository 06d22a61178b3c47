"""Films painted by a trained network beside the same films optimised frame by frame.

`python -m benchmarks networks [FOLDER]` makes both by real runs of the workflow in the folder,
which keeps what is finished. It prints the time of each film, losses of frames that were not
optimised for the training, and the temporal error; then how fast the networks are. Contact sheets
are in the folder's results/.
"""

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import chdir
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import yaml

from benchmarks.material import DEMO, SHARED, need
from benchmarks.problems import stylizer_of
from gramflow.base.arrays import Picture
from gramflow.engine import transformer
from gramflow.engine.backend import prepare
from gramflow.engine.feedforward import differing
from gramflow.engine.portable import onnx_model
from gramflow.film.manifest import Manifest
from gramflow.film.plan import Plan
from gramflow.live.painter import Painter
from gramflow.media.pictures import from_pixels
from gramflow.painting.inputs import Frames
from gramflow.settings.config import Config, load
from gramflow.store.frames import painted_store
from gramflow.store.layout import TRAINED, Layout
from gramflow.view.temporal import TemporalReport

FILMS = {
    "seaside": (DEMO / "seaside.mp4", 320, "starry_night"),
    "talking": (SHARED / "data/talking.mp4", 320, "oil"),
}
"""Path, painted width and style of each film."""

ROOT = Path(__file__).parents[1]
HELD_OUT = 6  # frames that losses are measured on


def config_of(film: str, network: bool) -> dict[str, Any]:
    """The config of a film painted by `standard`, or by the same look's network."""
    path, width, style = FILMS[film]
    look = {"preset": "standard", "width": width} | ({"stylizer": "network"} if network else {})
    return {
        "network": "vgg19",
        "weights": "bundled",
        "videos": {film: {"path": str(path)}},
        "styles": {style: {"images": [str(DEMO / f"styles/{style}.jpg")]}},
        "looks": {"network" if network else "standard": look},
        "renders": [{"look": "network" if network else "standard"}],
    }


def run(folder: Path, config: Mapping[str, Any], *options: str) -> float:
    """Run the workflow; return its seconds."""
    (folder / "config.yaml").write_text(yaml.safe_dump(dict(config)))
    command = [sys.executable, "-m", "snakemake", "-s", str(ROOT / "Snakefile"), "--cores", "2"]
    started = time.monotonic()
    subprocess.run([*command, "--resources", "gpu=1", *options], cwd=folder, check=True, stdout=2)
    return time.monotonic() - started


class Result:
    """A film that a run has made in the current folder."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.config: Config = load(values)
        (self.render,) = self.config.renders.values()
        layout = Layout(self.config)
        self.plan = Plan.load(Path(layout.plan(self.render)))
        self.manifest = layout.manifest(self.render.video)
        report = Path(f"results/{self.render.name}.temporal.json")
        self.error = TemporalReport.load(report).median

    def pictures(self, numbers: Sequence[int]) -> list[Picture]:
        """Painted frames."""
        store = painted_store(self.config.store)
        return [from_pixels(store.read(self.plan.frames[number])) for number in numbers]


def frames_of(result: Result) -> Frames:
    """The film's frames, as the look paints them."""
    (look,) = result.config.looks.values()
    return Frames(result.config, look, Manifest.load(Path(result.manifest)), result.plan.size)


@cache
def critic(film: str) -> Any:
    """Evaluates the losses of a film's look, and the style's Gram matrices beside them."""
    values = config_of(film, network=False)
    look = values["looks"].pop("standard")
    values |= {"looks": {"default": look | {"losses": {"gram": {"weight": 1}}}}, "renders": None}
    return stylizer_of(load(values))


def losses(film: str, painted: Sequence[Picture], frames: Sequence[Picture]) -> dict[str, float]:
    """Mean unweighted losses of painted frames, by term."""
    judge, found = critic(film), []
    preprocess = judge.palette.network.preprocess
    for picture, frame in zip(painted, frames, strict=True):
        targets = judge._targets(judge.palette.settings["width"], frame, {})
        _, _, terms = judge.objective(preprocess(picture), targets)
        found.append({name: float(value) for name, value in terms.items()})
    return {name: float(np.mean([each[name] for each in found])) for name in found[0]}


def compare(film: str, folder: Path) -> None:
    """Print a film's two rows of the table."""
    configs = {name: config_of(film, name == "network") for name in ("standard", "network")}
    run(folder, configs["standard"], "--until", "extract")
    seconds = {name: run(folder, values) for name, values in configs.items()}
    with chdir(folder):
        results = {name: Result(values) for name, values in configs.items()}
        frames = frames_of(results["network"])
        learnt = results["network"].config.looks["network"].stylizer["keyframes"]
        rest = sorted(set(frames) - set(differing(frames, learnt)))
        held = [rest[place] for place in np.linspace(0, len(rest) - 1, HELD_OUT).astype(int)]
        for name, result in results.items():
            found = losses(film, result.pictures(held), [frames[number] for number in held])
            told = (
                f"| {film}, {len(frames)} frames, {FILMS[film][2]} | {name} | {seconds[name]:.0f}"
            )
            terms = " | ".join(f"{found[term]:.3f}" for term in ("content", "moments", "gram"))
            print(f"{told} | {terms} | {result.error:.5f} |", flush=True)


def speed(film: str, folder: Path) -> None:
    """Print how long a film's network takes for a frame, by ONNX Runtime and by TensorFlow."""
    with chdir(folder):
        plan = Result(config_of(film, network=True)).plan
        with np.load(TRAINED.format(render=plan.render, digest=plan.trained)) as file:
            arrays = dict(file)
    painter, model = Painter(onnx_model(arrays, {}), threads=2), transformer.restored(arrays)
    for width, height in ((320, 180), (640, 360), (1280, 720)):
        pixels = np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)
        cost = transformer.multiply_adds(*transformer.shape_of(arrays)) * width * height / 1e9
        frame = from_pixels(pixels)[None]
        times = [
            timed(lambda: painter.paint(pixels, 1.0)),  # noqa: B023, called before the next
            timed(lambda: np.asarray(model(frame))),  # noqa: B023
        ]
        cells = " | ".join(f"{1000 * each:.0f}" for each in times)
        print(f"| {width}x{height} | {cost:.2f} | {cells} |", flush=True)


def timed(function: Any) -> float:
    """Median seconds of a call, the first one left out."""
    function()
    found = []
    for _ in range(9):
        started = time.monotonic()
        function()
        found.append(time.monotonic() - started)
    return float(np.median(found))


def main(folder: Path) -> None:
    """Print both tables."""
    need()
    folder.mkdir(parents=True, exist_ok=True)
    prepare(2)
    print("| film | painted by | seconds | content | style (moments) | style (Gram) | steady to |")
    print("| --- " * 7 + "|", flush=True)
    for film in FILMS:
        compare(film, folder)
    print("\n| size | giga multiply-adds | ms, ONNX Runtime | ms, TensorFlow |")
    print("| --- " * 4 + "|", flush=True)
    speed("seaside", folder)


if __name__ == "__main__":
    if sys.argv[1:]:
        main(Path(sys.argv[1]).absolute())
    else:
        with TemporaryDirectory() as temporary:
            main(Path(temporary))
