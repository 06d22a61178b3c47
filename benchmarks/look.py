"""Compares looks with two other style transfer programs: `python -m benchmarks look`.

Each content is painted in each style, at the same size and with the same VGG-19 weights: by
gramflow with each look, and by the peers that benchmarks/peers.py re-creates. Prints the number of
evaluations, the wall-clock seconds from reading the weights to the picture, the CPU seconds, which
depend less on other programs on the machine, and these distances:

content: relative mean squared distance of the features at block4_conv2 and block4_conv3.
style: at block1_conv1 to block5_conv1, by means and covariances ("moments", see
    tests/plain_moments.py), and as the relative mean squared distance of the Gram matrices.

Distances are computed in float64 from the features of one network for all painters: average
pooling, zero padding, the style's longer side as long as the picture's.

    --contents a.png film.mp4   pictures, or films of which the first frame is taken
    --styles s.jpg              pictures
    --size 384                  pixels of the longer side
    --looks standard "{mine: {coarsest: 128}}"
                                YAML: a preset's name, or looks by name as in a config
    --peers crowsonkb neural-style-pt
    --effort 0.1                fraction of all painters' evaluations, for a quick trial
    --out DIR                   folder for the pictures, a contact sheet per pair, and look.json
    --blind DIR [--seed 0]      paints nothing: writes unlabelled pairs of DIR's pictures side by
                                side, shuffled, to DIR/blind, and who painted which to DIR/key.json

Without options the project's own set is painted, and look.json is written to benchmarks/results/.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import MISSING, fields
from itertools import combinations, product
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml

from benchmarks.material import DEMO, RESULTS, SHARED, need
from benchmarks.problems import stylizer_of, weights_of
from gramflow.base.arrays import Picture
from gramflow.engine.backend import prepare
from gramflow.engine.networks import VGG19, build
from gramflow.media.pictures import from_pixels, read_picture, resize, to_pixels
from gramflow.painting.weights import source_of
from gramflow.settings.config import Config, load
from gramflow.store.png import encode_png

CONTENTS = (
    SHARED / "data/talking.mp4",
    SHARED / "data/sintel_easy/frame_0002.png",
    SHARED / "data/seed/room.avi",
)
STYLES = (DEMO / "styles/starry_night.jpg", DEMO / "styles/mosaic.jpg")
SIZE = 256
CONTENT_LAYERS = ("block4_conv2", "block4_conv3")
Painter = Callable[[Path, Path], tuple[Picture, int]]
"""Maps the files of content and style to a painted picture and the number of evaluations."""
Values = dict[str, Any]


def read(path: Path) -> Picture:
    """Read a picture, or a video's first frame."""
    if path.suffix.lower() not in (".avi", ".mp4", ".mkv", ".mov", ".webm"):
        return read_picture(path)
    import av

    with av.open(str(path)) as film:
        pixels = next(film.decode(video=0)).to_ndarray(format="rgb24")
    return pixels.astype(np.float32) / np.float32(255)


# -- painters ------------------------------------------------------------------------------------


def looks_of(texts: Sequence[str]) -> dict[str, Values]:
    """Parse the option --looks: YAML texts, each a preset's name or looks by name as in a config.

    Returns the looks' settings by name.
    """
    looks: dict[str, Values] = {}
    for text in texts:
        value = yaml.safe_load(text)
        looks |= {value: {"preset": value}} if isinstance(value, str) else value
    return looks


def config_at(look: Values, content: Path, style: Path, size: int, effort: float) -> Config:
    """Config with this look, at the content's aspect with a longer side of `size` pixels.

    The style's longer side is `size`, too. effort: factor of the look's evaluations.
    """
    height, width = fitted_size(read(content), size)
    given = {"width": width, "height": height, "style_scale": size / width, **look}

    def loaded(**changes: Any) -> Config:
        return load(
            {
                "network": "vgg19",
                "videos": {"content": {"path": str(content)}},
                "styles": {"style": {"images": [str(style)]}},
                "looks": {"default": given | changes},
                "encode": {"pixel_format": "yuv444p"},  # which may have odd sizes
            }
        )

    config = loaded()
    evaluations = round(config.looks["default"].evaluations * effort)
    return loaded(evaluations=max(evaluations, 1))


def fitted_size(picture: Picture, size: int) -> tuple[int, int]:
    """Height and width of a picture scaled to a longer side of `size` pixels."""
    height, width = picture.shape[:2]
    factor = size / max(height, width)
    return round(height * factor), round(width * factor)


def gramflow(look: Values, size: int, effort: float) -> Painter:
    """A painter by gramflow's own stylizer with a look, as for a video's first frame."""

    def paint(content: Path, style: Path) -> tuple[Picture, int]:
        config = config_at(look, content, style, size, effort)
        frame = resize(read(content), *fitted_size(read(content), size)[::-1])
        found = stylizer_of(config).paint(frame, {}, 0, lambda _: None)
        return found.picture, found.evaluations

    return paint


def extractor(pooling: Any, layers: list[str]) -> Any:
    """Build VGG-19 with the weights that all painters and measures share."""
    return build(VGG19(), source_of(weights_of("vgg19")), layers, pooling)


def peer(name: str, size: int, effort: float) -> Painter:
    """A painter by one of the re-created programs, a name of `PEERS`."""
    from benchmarks import peers

    def paint(content: Path, style: Path) -> tuple[Picture, int]:
        program: Any = getattr(peers, PEERS[name])(VGG19(), extractor)
        for count in ("first_iterations", "iterations", "evaluations"):
            if hasattr(program, count):
                setattr(program, count, max(round(getattr(program, count) * effort), 1))
        return program.paint(peers.fitted(read(content), size), read(style))

    return paint


def constants(name: str) -> Values:
    """Default parameters of a peer, a name of `PEERS`."""
    from benchmarks import peers

    given = fields(getattr(peers, PEERS[name]))
    return {field.name: field.default for field in given if field.default is not MISSING}


PEERS = {"crowsonkb": "Crowsonkb", "neural-style-pt": "NeuralStyle"}


# -- measures ------------------------------------------------------------------------------------


class Measure:
    """Measures distances of pictures from a content and a style, by features in float64."""

    def __init__(self) -> None:
        from benchmarks.peers import STYLE_LAYERS

        self._styles = STYLE_LAYERS
        self._model = extractor("average", [*STYLE_LAYERS, *CONTENT_LAYERS])

    def features(self, picture: Picture) -> dict[str, Any]:
        """Features by layer, (h, w, channels)."""
        found = self._model(VGG19().preprocess(picture))
        return {layer: np.asarray(values[0], np.float64) for layer, values in found.items()}

    def __call__(self, picture: Picture, content: Picture, style: Picture) -> Values:
        """Distances by name: "content" by layer; "moments" and "gram" for block1..5_conv1."""
        from tests.support.plain_moments import distance

        of, wanted, styled = map(self.features, (picture, content, style))
        return {
            "content": {layer: _relative(of[layer], wanted[layer]) for layer in CONTENT_LAYERS},
            "moments": [distance(of[layer], styled[layer]) for layer in self._styles],
            "gram": [_relative(_gram(of[layer]), _gram(styled[layer])) for layer in self._styles],
        }


def _relative(values: Any, target: Any) -> float:
    return float(np.mean((values - target) ** 2) / np.mean(target**2))


def _gram(features: Any) -> Any:
    rows = features.reshape(-1, features.shape[-1])
    return rows.T @ rows / rows.size


# -- the run -------------------------------------------------------------------------------------


def compare(painters: dict[str, Painter], given: argparse.Namespace, out: Path) -> Iterator[Values]:
    """Paint each pair of content and style with all painters in turn.

    Saves the pictures to `out`, prints a table row per picture, and yields the results per pair.
    """
    from benchmarks.peers import fitted

    measure = Measure()
    sources = {path: fitted(read(path), given.size) for path in (*given.contents, *given.styles)}
    for path, picture in sources.items():
        save(out / f"{path.stem}.png", picture)
    print(
        "| content, style | painter | evaluations | seconds | at work | content | moments | Gram |"
    )
    print("| --- " * 8 + "|", flush=True)
    for content, style in product(given.contents, given.styles):
        results = []
        for name, paint in painters.items():
            started, before = time.perf_counter(), time.process_time()
            picture, evaluations = paint(content, style)
            seconds = round(time.perf_counter() - started, 1)
            work = round(time.process_time() - before, 1)
            file = f"{content.stem}.{style.stem}.{name}.png"
            save(out / file, picture)
            result = {"painter": name, "evaluations": evaluations, "seconds": seconds, "work": work}
            distances = measure(picture, sources[content], sources[style])
            results.append({**result, "picture": file, **_rounded(distances)})
            print(row(f"{content.stem}, {style.stem}", results[-1]), flush=True)
        yield {"content": content.stem, "style": style.stem, "results": results}


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list) else round(value, 5)


def row(pair: str, result: Values) -> str:
    """Format a result as a row of the table."""
    content = " ".join(f"{value:.3f}" for value in result["content"].values())
    lists = (" ".join(f"{value:.3f}" for value in result[key]) for key in ("moments", "gram"))
    made = f"{result['evaluations']} | {result['seconds']:.0f} | {result['work']:.0f}"
    return f"| {pair} | {result['painter']} | {made} | {content} | {' | '.join(lists)} |"


def save(path: Path, picture: Picture) -> None:
    """Save a picture as a PNG file."""
    path.write_bytes(encode_png(to_pixels(picture)))


def labelled(picture: Picture, text: str) -> Picture:
    """Put a line of text above a picture."""
    bar = np.full((22, picture.shape[1], 3), 255, np.uint8)
    cv2.putText(bar, text, (4, 15), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (0, 0, 0), 1, cv2.LINE_AA)
    return np.vstack([from_pixels(bar), picture])


def beside(pictures: Sequence[Picture]) -> Picture:
    """Put pictures in a row, with white below the lower ones."""
    height = max(picture.shape[0] for picture in pictures)
    gap = np.ones((height, 8, 3), np.float32)
    parts = []
    for picture in pictures:
        below = ((0, height - picture.shape[0]), (0, 0), (0, 0))
        parts += [np.pad(picture, below, constant_values=1), gap]
    return np.hstack(parts[:-1])


def below(rows: Sequence[Picture]) -> Picture:
    """Put rows of pictures below each other, with white beside the narrower ones."""
    width = max(picture.shape[1] for picture in rows)
    right = [((0, 8), (0, width - picture.shape[1]), (0, 0)) for picture in rows]
    return np.vstack(
        [np.pad(part, pad, constant_values=1) for part, pad in zip(rows, right, strict=True)]
    )


def contact(out: Path, pair: Values) -> None:
    """Save a contact sheet of a pair: content, style and all painted pictures, labelled."""
    sources = [labelled(read(out / f"{pair[key]}.png"), pair[key]) for key in ("content", "style")]
    results = [
        labelled(read(out / result["picture"]), f"{result['painter']}: {_told(result)}")
        for result in pair["results"]
    ]
    sheet = below(
        [beside(sources), *(beside(results[i : i + 3]) for i in range(0, len(results), 3))]
    )
    save(out / f"sheet.{pair['content']}.{pair['style']}.png", sheet)


def _told(result: Values) -> str:
    content = result["content"][CONTENT_LAYERS[-1]]
    return f"{result['evaluations']} ev., {result['seconds']:.0f} s, content {content:.2f}"


def blind(out: Path, seed: int) -> None:
    """Prepare a blind comparison of the pictures in `out`, from its look.json.

    Saves one sheet per pair of content and style and per two painters, in shuffled order and with
    random sides, with content and style above at half the size. key.json holds by file name which
    painter is on the left and on the right.
    """
    random = np.random.default_rng(seed)
    found = json.loads((out / "look.json").read_text())["pairs"]
    duels = [(pair, two) for pair in found for two in combinations(pair["results"], 2)]
    folder, key = out / "blind", {}
    folder.mkdir(exist_ok=True)
    for number, index in enumerate(random.permutation(len(duels)), 1):
        pair, two = duels[index]
        left, right = (two[int(i)] for i in random.permutation(2))
        sources = [read(out / f"{pair[name]}.png") for name in ("content", "style")]
        small = [resize(each, each.shape[1] // 2, each.shape[0] // 2) for each in sources]
        results = [read(out / each["picture"]) for each in (left, right)]
        save(folder / f"{number:03d}.png", below([beside(small), beside(results)]))
        key[f"{number:03d}.png"] = {
            "content": pair["content"],
            "style": pair["style"],
            "left": left["painter"],
            "right": right["painter"],
        }
    (out / "key.json").write_text(json.dumps(key, indent=1) + "\n")
    print(f"{len(duels)} pairs in {folder}; who is who: {out / 'key.json'}")


def arguments(given: Sequence[str]) -> argparse.Namespace:
    """Parse and check the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks look")
    parser.add_argument("--contents", nargs="+", type=Path, default=CONTENTS)
    parser.add_argument("--styles", nargs="+", type=Path, default=STYLES)
    parser.add_argument("--size", type=int, default=SIZE)
    parser.add_argument("--looks", nargs="*", default=["standard"])
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS))
    parser.add_argument("--effort", type=float, default=1.0)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--blind", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    found = parser.parse_args(given)
    stems = [path.stem for path in (*found.contents, *found.styles)]
    if twice := {stem for stem in stems if stems.count(stem) > 1}:
        parser.error(f"several files are named {min(twice)}; give each its own name")
    if given and not (found.out or found.blind):
        parser.error("give --out, the folder for the pictures")
    return found


def main(given: argparse.Namespace, out: Path) -> Values:
    """Paint everything into a folder, with contact sheets and look.json; return the latter."""
    looks = looks_of(given.looks)
    out.mkdir(parents=True, exist_ok=True)
    device = prepare(2)
    painters = {name: gramflow(look, given.size, given.effort) for name, look in looks.items()}
    painters |= {name: peer(name, given.size, given.effort) for name in given.peers}
    weights = weights_of("vgg19")
    print(f"{given.size} pixels, vgg19, weights: {weights.source}, effort {given.effort}.\n")
    found: Values = {
        "size": given.size,
        "effort": given.effort,
        "weights": weights.identity,
        "device": device,
        "looks": looks,
        "peers": {name: constants(name) for name in given.peers},
        "pairs": [],
    }
    for pair in compare(painters, given, out):
        found["pairs"].append(pair)
        contact(out, pair)
        (out / "look.json").write_text(json.dumps(found, indent=1) + "\n")
    return found


if __name__ == "__main__":
    chosen = arguments(sys.argv[1:])
    if chosen.blind:
        blind(chosen.blind, chosen.seed)
    elif chosen.out:
        main(chosen, chosen.out)
    else:
        need()
        with tempfile.TemporaryDirectory() as folder:
            rows = main(chosen, Path(folder))
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "look.json").write_text(json.dumps(rows, indent=1) + "\n")
