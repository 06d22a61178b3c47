"""Speed by Keras backend: `python -m benchmarks.backends [rounds]`.

One loss and gradient of the standard look's content, style and smoothness with VGG-19 up to block
4, in float32, on two threads. Each installed backend is a process of its own. They compute in
turns, so that what else the machine does meets all of them. The best of the rounds counts, as
seconds and as processor time, which other programs change less. Prints Markdown.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

from benchmarks.material import DEMO
from gramflow.engine.backend import FRAMEWORKS, prepare

SIZES = ((256, 144), (512, 288))
Answer = dict[str, float]


def worker(width: int, height: int) -> None:
    """Make the objective; then print loss, seconds and processor time for each line that comes."""
    prepare(2)
    evaluate = evaluation(width, height)
    evaluate()  # traces it
    for _ in sys.stdin:
        started, begun = time.perf_counter(), time.process_time()
        loss = evaluate()
        seconds, processor = time.perf_counter() - started, time.process_time() - begun
        print("answer", loss, seconds, processor, flush=True)


def evaluation(width: int, height: int) -> Any:
    """A function that computes a loss and its gradient, and returns the loss."""
    from gramflow.engine import ops
    from gramflow.engine.objective import Objective
    from gramflow.film.identity import bundled_weights
    from gramflow.media.pictures import read_picture, resize
    from gramflow.painting.setup import make_extractor, make_losses, make_network
    from gramflow.settings.config import load

    styles = DEMO / "styles"
    config = load(
        {
            "network": "vgg19",
            "weights": "bundled",
            "videos": {"sea": {"path": str(DEMO / "seaside.mp4")}},
            "styles": {"oil": {"images": [str(styles / "oil.jpg")]}},
            "looks": {"default": {"preset": "standard"}},
        }
    )
    look, network = config.looks["default"], make_network(config, "vgg19")
    terms = make_losses(config, look).items()
    losses = {name: loss for name, loss in terms if loss.source in ("frame", "style", None)}
    objective = Objective(make_extractor(config, look, bundled_weights()), losses)
    content, style, picture = (
        network.preprocess(resize(read_picture(styles / f"{name}.jpg"), width, height))
        for name in ("watercolour", "oil", "mosaic")
    )
    targets = objective.targets(content, "frame") | objective.targets(style, "style")

    def evaluate() -> float:
        loss, gradient, _ = objective(picture, targets)
        ops.convert_to_numpy(gradient)
        return float(loss)

    return evaluate


@contextmanager
def computing(key: str, size: tuple[int, int]) -> Iterator[subprocess.Popen[str]]:
    """A process that computes by a backend."""
    command = [sys.executable, "-m", "benchmarks.backends", "worker", *map(str, size)]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"KERAS_BACKEND": key},
        text=True,
    ) as process:
        yield process
        assert process.stdin
        process.stdin.close()


def asked(process: subprocess.Popen[str]) -> Answer:
    """Have a process compute once."""
    assert process.stdin and process.stdout
    process.stdin.write("\n")
    process.stdin.flush()
    for line in process.stdout:
        if line.startswith("answer "):
            names = ("loss", "seconds", "processor")
            return dict(zip(names, map(float, line.split()[1:]), strict=True))
    raise ChildProcessError(process.args)


def main(rounds: int = 8) -> None:
    """Print a row per size and backend."""
    installed = [key for key, each in FRAMEWORKS.items() if find_spec(each.package)]
    print("| size | backend | loss | seconds | of processor | times TensorFlow's |")
    print("| --- " * 6 + "|", flush=True)
    for size in SIZES:
        with ExitStack() as stack:
            processes = {key: stack.enter_context(computing(key, size)) for key in installed}
            answers = {key: asked(process) for key, process in processes.items()}
            for _ in range(rounds):
                for key, process in processes.items():
                    answer, best = asked(process), answers[key]
                    answers[key] = {name: min(best[name], answer[name]) for name in answer}
        base = answers["tensorflow"]["processor"]
        for key, found in answers.items():
            package = FRAMEWORKS[key].package
            print(
                f"| {size[0]}x{size[1]} | {FRAMEWORKS[key].name} {version(package)} "
                f"| {found['loss']:.6g} | {found['seconds']:.2f} | {found['processor']:.2f} "
                f"| {found['processor'] / base:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    if sys.argv[1:2] == ["worker"]:
        worker(*map(int, sys.argv[2:]))
    else:
        main(*map(int, sys.argv[1:]))
