"""Masks: what the config refuses, and what comes of files, colours, drawn frames and networks."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from PIL import Image

from gramflow.base.errors import GramflowError
from gramflow.engine.drawn import Drawn
from gramflow.engine.masks import Footage, Masks
from gramflow.media.extract import extract
from gramflow.media.probe import probe
from gramflow.media.source import Source
from gramflow.painting.masks import make_mask
from gramflow.settings.config import Config, check_apart, load
from gramflow.store.frames import extracted_store, mask_store, read_mask
from gramflow.store.layout import Layout
from tests.support.media import make, quiet, textured, write_raw

SIZE = (48, 64)
BARS = [np.zeros((*SIZE, 3), np.uint8) for _ in range(8)]
for place, bar in enumerate(BARS):
    bar[:, 6 * place : 6 * place + 8] = 255


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working folder with a film of eight frames, a mask film of as many, and a picture."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(1)
    write_raw(Path("film.mkv"), [random.integers(0, 255, (*SIZE, 3), np.uint8) for _ in BARS], 8)
    write_raw(Path("bars.mkv"), BARS, 8)
    cv2.imwrite("half.png", half())


def half(height: int = 48, width: int = 64) -> np.ndarray:
    """White on the left, black on the right, grey pixels."""
    picture = np.zeros((height, width), np.uint8)
    picture[:, : width // 2] = 255
    return picture


def config(mask: Any, **video: Any) -> Config:
    masks = {} if mask is None else {"figure": mask}
    return load(
        {
            "weights": "random",
            "plugins": [path.name for path in Path().glob("*.py")],
            "videos": {"room": {"path": "film.mkv", "masks": masks, **video}},
            "styles": {"red": {"images": ["half.png"]}},
        }
    )


@dataclass
class Made:
    """A mask's frames, (frames, height, width), and what was said meanwhile."""

    frames: np.ndarray
    said: list[str]


def made(mask: Any, **video: Any) -> Made:
    """Extract the film, and make the mask."""
    found, said = config(mask, **video), []
    settings = found.videos["room"]
    source = Source.from_config("room", settings, [settings["path"]])
    facts = probe(source)
    manifest = extract(source, facts, extracted_store(found.store), quiet)
    document = make_mask(found, "room", "figure", manifest, facts, said.append)
    store = mask_store(found.store)
    assert [store.path(key).stat().st_size for key in document.frames] == document.sizes
    return Made(np.stack([read_mask(store, key) for key in document.frames]), said)


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(GramflowError) as caught:
        call()
    assert "\n" not in str(caught.value)
    return str(caught.value)


# -- config and names ----------------------------------------------------------------------------


def test_a_path_stands_for_the_plugin_files_with_its_defaults() -> None:
    assert config("bars.mkv").videos["room"]["masks"] == {
        "figure": {
            "name": "files",
            "path": "bars.mkv",
            "channel": "luminance",
            "colour": None,
            "tolerance": None,
            "invert": False,
            "soft": 0.0,
        }
    }
    assert config(None).videos["room"]["masks"] == {}


@pytest.mark.parametrize(
    ("mask", "line"),
    [
        ("lost.png", "videos.room.masks.figure.path: lost.png: no such file; correct the path"),
        ("lost/*.png", "videos.room.masks.figure.path: lost/*.png: no picture matches; correct"),
        ("rtsp://host/mask", "videos.room.masks.figure.path: rtsp://host/mask: is not a file; "),
        (".", "videos.room.masks.figure.path: . is a folder; for a picture sequence give"),
        ({}, "videos.room.masks.figure.path: missing; give text"),
        (7, "videos.room.masks.figure: 7 does not fit; give text or a mapping"),
        ({"name": "wand"}, "videos.room.masks.figure: there is no way to masks 'wand'; known: "),
        ({"path": "half.png", "sofd": 1}, "videos.room.masks.figure.sofd: unknown key; did you"),
        ({"path": "half.png", "soft": -1}, "videos.room.masks.figure.soft: -1.0 does not fit;"),
        ({"path": "half.png", "colour": "red"}, "videos.room.masks.figure.colour: 'red' does not"),
        ({"name": "drawn", "at": {0: "lost.png"}}, "videos.room.masks.figure.at: lost.png: no"),
        (
            {"name": "drawn", "at": {"first": "half.png"}},
            "videos.room.masks.figure.at.first: does not fit; give a frame's number such as 40",
        ),
        ({"name": "drawn", "at": {}}, "videos.room.masks.figure.at: empty; give a mapping"),
        ({"name": "onnx", "weights": "lost"}, "videos.room.masks.figure.weights: lost: no such"),
    ],
)
def test_the_config_refuses_a_mask_in_one_line_that_names_it(mask: Any, line: str) -> None:
    assert refusal(lambda: config(mask)).startswith(line)


def test_a_bad_name_of_a_mask_is_refused() -> None:
    masks = {"the figure": "half.png"}
    line = refusal(lambda: config(None, masks=masks))
    assert line.startswith("videos.room.masks.'the figure': it becomes part of file names")


@pytest.mark.parametrize("mask", ["half.png", {"name": "drawn", "at": {"0": "half.png"}}])
def test_a_mask_of_one_machine_is_refused_where_machines_share_nothing(mask: Any) -> None:
    here = Path.cwd()
    video = {"path": str(here / "film.mkv"), "masks": {"figure": mask}}
    found = load(
        {
            "weights": "random",
            "store": "/data/store",
            "videos": {"room": video},
            "styles": {"red": {"images": [str(here / "half.png")]}},
        }
    )
    line = refusal(lambda: check_apart(found))
    assert line.startswith("videos.room.masks.figure.") and "half.png is on this machine" in line


def test_a_mask_leaves_the_names_of_the_video_alone() -> None:
    plain, masked = Layout(config(None)), Layout(config("bars.mkv"))
    assert masked.manifest("room") == plain.manifest("room")
    assert masked.probe("room") == plain.probe("room")


def test_the_name_of_a_mask_changes_with_all_that_it_is_made_from() -> None:
    def name(mask: Any, **video: Any) -> str:
        return Layout(config(mask, **video)).mask("room", "figure")

    first = name("bars.mkv")
    assert name({"path": "bars.mkv"}) == first
    assert name({"path": "bars.mkv", "soft": 2}) != first
    assert name("half.png") != first
    assert name("bars.mkv", start=0.5) != first
    os.utime("bars.mkv", ns=(1, 1))
    assert name("bars.mkv") != first
    drawn = {"name": "drawn", "at": {0: "half.png"}}
    before = name(drawn)
    os.utime("half.png", ns=(1, 1))
    assert name(drawn) == before  # small files are told by what is in them
    cv2.imwrite("half.png", 255 - half())
    assert name(drawn) != before


# -- files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("film", ["bars.mkv", "bars.gif"])
def test_a_mask_film_gives_each_frame_its_own(film: str) -> None:
    first, *others = map(Image.fromarray, BARS)
    first.save("bars.gif", save_all=True, append_images=others, duration=120)
    found = made(film).frames
    assert found.dtype == np.float32
    assert (found == np.stack([bar[..., 0] for bar in BARS]) / np.float32(255)).all()


@pytest.mark.parametrize("kind", ["film", "pictures"])
@pytest.mark.parametrize("length", ["whole", "used"])
def test_a_part_of_a_video_takes_its_part_of_a_mask(kind: str, length: str) -> None:
    used = BARS[2:6]
    chosen = BARS if length == "whole" else used
    write_raw(Path("masks.mkv"), chosen, 8)
    for number, each in enumerate(chosen):
        cv2.imwrite(f"mask{number}.png", each)
    path = "masks.mkv" if kind == "film" else "mask*.png"
    found = made(path, start=0.25, end=0.75).frames
    assert (found == np.stack([each[..., 0] for each in used]) / 255).all()


def test_one_picture_holds_for_every_frame_and_is_resized() -> None:
    cv2.imwrite("large.png", half(96, 128))
    assert (made("large.png").frames == half() / np.float32(255)).all()


@pytest.mark.parametrize(
    ("size", "count", "words"),
    [
        ((64, 64), 8, "has 64x64 pixels, which is another aspect than the video's; give one of "),
        (SIZE, 5, "has 5 pictures, but the video's frames are 4 in its used part, 8 in all; give"),
    ],
)
def test_pictures_that_do_not_fit_the_video_are_refused(
    size: tuple[int, int], count: int, words: str
) -> None:
    write_raw(Path("masks.mkv"), [np.zeros((*size, 3), np.uint8)] * count, 8)
    line = refusal(lambda: made("masks.mkv", start=0.25, end=0.75))
    assert line.startswith(f"videos.room.masks.figure.path: masks.mkv {words}")


def test_a_missing_picture_of_a_sequence_is_told() -> None:
    for number in (0, 1, 2, 4, 5, 6, 7):
        cv2.imwrite(f"mask{number}.png", BARS[number])
    line = refusal(lambda: made("mask*.png"))
    assert line.startswith("videos.room.masks.figure.path: mask*.png has 7 pictures, but the")


def test_the_alpha_channel_of_pictures_and_films() -> None:
    picture = np.zeros((*SIZE, 4), np.uint8)
    picture[..., 3] = half()
    cv2.imwrite("alpha.png", picture)
    expected = half() / np.float32(255)
    wanted = {"channel": "alpha"}
    assert (made({"path": "alpha.png", **wanted}).frames == expected).all()
    film = ["-framerate", "8", "-loop", "1", "-i", "alpha.png", "-frames:v", "8"]
    make(*film, "-c:v", "qtrle", "alpha.mov")
    assert (made({"path": "alpha.mov", **wanted}).frames == expected).all()
    line = refusal(lambda: made({"path": "bars.mkv", **wanted}))
    assert "path: bars.mkv has no alpha channel; give another file" in line
    # transparent pixels are black, whatever is below
    picture[..., :3] = 255
    cv2.imwrite("alpha.png", picture)
    assert (made("alpha.png").frames == expected).all()


def test_colours_of_a_label_picture_are_regions() -> None:
    labels = np.zeros((*SIZE, 3), np.uint8)
    labels[:20], labels[20:] = (0, 0, 255), (0, 2, 255)  # blue, green, red
    for name in ("labels.png", "labels.jpg"):
        cv2.imwrite(name, labels)
    upper = np.arange(48)[:, None] < 20
    found = made({"path": "labels.png", "colour": "#ff0000"}).frames
    assert (found == np.broadcast_to(upper, SIZE)).all()
    assert made({"path": "labels.jpg", "colour": "#ff0000"}).frames.min() == 1  # is not exact
    exact = made({"path": "labels.png", "colour": "#ff0000", "tolerance": 2}).frames
    assert exact.min() == 1


def test_invert_and_soft() -> None:
    found = made({"path": "half.png", "invert": True, "soft": 3}).frames[0]
    assert found[:, :20].max() == 0 and found[:, 44:].min() == 1
    rising = found[24, 22:42]
    assert (np.diff(rising) > 0).all() and abs(rising[9] + rising[10] - 1) < 0.01
    # the standard deviation of a step's slope
    slope, x = np.diff(found[24]), np.arange(63) + 0.5
    assert np.sqrt((slope * (x - 31.5) ** 2).sum()) == pytest.approx(3, abs=0.1)


def test_an_empty_mask_is_warned_of() -> None:
    cv2.imwrite("black.png", np.zeros(SIZE, np.uint8))
    assert made("half.png").said == []
    (line,) = made("black.png").said
    assert line.startswith("WARNING: videos.room.masks.figure: is black in every frame")


def test_no_picture_is_refused() -> None:
    Path("half.jpg").write_text("no picture")
    line = refusal(lambda: made({"name": "drawn", "at": {0: "half.jpg"}}))
    assert line.startswith("videos.room.masks.figure.at: half.jpg: not a picture; give")


# -- drawn ---------------------------------------------------------------------------------------


def moving_square(count: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Frames of a square that moves over a ground that moves, too, with noise; and its masks."""
    ground = 0.2 + 0.5 * textured(1, 200, 260)
    square = 0.4 + 0.6 * textured(2, 52, 52)
    random, frames, masks = np.random.default_rng(3), [], []
    for number in range(count):
        x, y = 16 + 3 * number, 24 + number // 2
        frame = ground[40 - number : 152 - number, 10 + 2 * number : 170 + 2 * number].copy()
        mask = np.zeros(frame.shape[:2], np.float32)
        frame[y : y + 52, x : x + 52] = square
        mask[y : y + 52, x : x + 52] = 1
        noise = random.normal(0, 0.01, frame.shape)
        frames.append(np.clip(frame + noise, 0, 1).astype(np.float32))
        masks.append(mask)
    return frames, masks


def drawn(
    frames: list[np.ndarray], at: dict[str, np.ndarray], shots: Iterable[int] = (0,)
) -> list[np.ndarray]:
    """The masks that are carried from the drawn ones."""
    said: list[str] = []
    footage = Footage(
        entry="videos.room.masks.figure",
        frames=dict(enumerate(frames)),
        shots=list(shots),
        seconds=[number / 10 for number in range(len(frames))],
        pictures={name: np.repeat(mask[..., None], 3, 2) for name, mask in at.items()},
        sequences={},
        say=said.append,
    )
    masks: Masks = Drawn(Drawn.Settings(at={name: name for name in at}), footage)
    return list(masks.every())


def overlap(mask: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union."""
    first, second = mask > 0.5, other > 0.5
    return float((first & second).sum() / (first | second).sum())


def test_a_drawn_mask_lies_where_the_motion_carries_it() -> None:
    frames, masks = moving_square(22)
    found = drawn(frames, {"0": masks[0]})
    assert min(map(overlap, found, masks)) > 0.95
    # its edges are as crisp as at first: less than a pixel of grey along the border
    assert ((found[-1] > 0.1) & (found[-1] < 0.9)).sum() < 4 * 52


def test_drawn_masks_are_carried_both_ways_and_blended_by_distance() -> None:
    frames, masks = moving_square(6)
    found = drawn(frames, {"1": masks[1], "0.4s": masks[4]})
    assert min(map(overlap, found, masks)) > 0.95
    assert (found[1] == masks[1]).all() and (found[4] == masks[4]).all()
    fading = drawn(frames[:4], {"0": masks[0], "3": np.zeros_like(masks[0])})
    inside = [mask[masks[number] > 0.5].mean() for number, mask in enumerate(fading)]
    assert inside == pytest.approx([1, 2 / 3, 1 / 3, 0], abs=0.05)


def test_a_drawn_mask_stays_within_its_shot() -> None:
    frames, masks = moving_square(4)
    found = drawn(frames, {"3": masks[3]}, shots=(0, 2))
    assert [mask.any() for mask in found] == [False, False, True, True]
    assert overlap(found[2], masks[2]) > 0.95


def test_a_drawn_frame_is_as_drawn() -> None:
    found = made({"name": "drawn", "at": {1: "half.png"}}, start=0.25, end=0.5, cuts="off").frames
    assert len(found) == 2 and (found[1] == half() / np.float32(255)).all()


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (["9"], "at: 9 is past the end; the last frame is 3, at 0.3s"),
        (["7.5s"], "at: 7.5s is past the end; the last frame is 3, at 0.3s"),
        (["2", "0.2s"], "at: 0.2s is frame 2, which is there twice"),
    ],
)
def test_a_frame_that_cannot_be_drawn_is_refused(at: list[str], text: str) -> None:
    frames, masks = moving_square(4)
    line = refusal(lambda: drawn(frames, dict.fromkeys(at, masks[0])))
    assert line == f"videos.room.masks.figure.{text}"


# -- network and key -----------------------------------------------------------------------------


def network(path: Path, node: Any, size: tuple[Any, Any] = ("h", "w")) -> str:
    """A network of one node from `picture`, (1, 3, height, width), to `output`."""
    given = helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, *size])
    kind = TensorProto.INT64 if node.op_type == "ArgMax" else TensorProto.FLOAT
    result = helper.make_tensor_value_info("output", kind, None)
    graph = helper.make_graph([node], "masks", [given], [result])
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=9), path)
    return str(path)


PLAIN: dict[str, Any] = {"name": "onnx", "mean": [0, 0, 0], "std": [1, 1, 1]}


def write_colours(left: tuple[int, int, int], right: tuple[int, int, int]) -> None:
    """A film of two colours, red, green and blue, in its halves."""
    frame = np.zeros((*SIZE, 3), np.uint8)
    frame[:, :32], frame[:, 32:] = left, right
    write_raw(Path("film.mkv"), [frame] * 2, 8)


def test_a_network_gives_the_share_of_a_class() -> None:
    write_colours((255, 0, 0), (0, 0, 255))
    weights = network(Path("net.onnx"), helper.make_node("Identity", ["picture"], ["output"]))
    found = made({**PLAIN, "weights": weights, "classes": [0]}).frames[0]
    assert found[:, :30].min() == 1 and found[:, 34:].max() == 0  # the colours are shares
    both = made({**PLAIN, "weights": weights, "classes": [0, 2]}).frames[0]
    assert both.min() == 1
    logits = made({**PLAIN, "weights": weights, "classes": [0], "std": [0.25] * 3}).frames[0]
    expected = np.exp(4) / (np.exp(4) + 2)
    assert logits[:, :30] == pytest.approx(expected, abs=1 / 255)
    labels = network(
        Path("labels.onnx"), helper.make_node("ArgMax", ["picture"], ["output"], axis=1)
    )
    of_class = made({**PLAIN, "weights": labels, "classes": [2], "width": 32}).frames[0]
    assert of_class[:, :28].max() == 0 and of_class[:, 36:].min() == 1


def test_a_range_of_depth_is_the_region() -> None:
    write_colours((50, 50, 50), (100, 100, 100))
    mean = helper.make_node("ReduceMean", ["picture"], ["output"], axes=[1], keepdims=1)
    weights = network(Path("depth.onnx"), mean, (32, 32))
    wanted = {**PLAIN, "weights": weights, "outside": 80 / 255, "inside": 120 / 255}
    found = made(wanted).frames[0]
    assert found[:, :28].max() == 0
    assert found[:, 36:] == pytest.approx(0.5, abs=1 / 255)
    nearer = made({**PLAIN, "weights": weights, "scale": "shot", "outside": 1, "inside": 0})
    assert nearer.frames[0][:, :28].min() == 1 and nearer.frames[0][:, 36:].max() == 0


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "it has 3 classes; name some of 0 to 2"),
        ({"classes": [3]}, "it has 3 classes; name some of 0 to 2"),
        ({"classes": [0], "output": 4}, "list index out of range"),
        ({"classes": [0], "inside": 0}, "inside: is the same as outside; give another value"),
        ({"weights": "half.png"}, "weights: half.png ("),
    ],
)
def test_a_network_that_gives_no_mask_is_refused(settings: dict[str, Any], words: str) -> None:
    weights = network(Path("net.onnx"), helper.make_node("Identity", ["picture"], ["output"]))
    line = refusal(lambda: made({**PLAIN, "weights": weights, **settings}))
    assert line.startswith("videos.room.masks.figure.") and words in line


def test_a_key_finds_its_colour_in_light_and_shade() -> None:
    write_colours((0, 200, 60), (200, 160, 140))
    screen = np.full((*SIZE, 3), (0, 200, 60), np.uint8)
    screen[:24] = (0, 160, 48)
    screen[:, 40:] = (200, 160, 140)
    write_raw(Path("film.mkv"), [screen] * 2, 8)
    wanted = {"name": "key", "colour": "#00c83c", "within": 20}
    found = made(wanted).frames[0]
    assert found[:, :40].min() == 1 and found[:, 40:].max() == 0
    figure = made({**wanted, "invert": True}).frames[0]
    assert (figure == 1 - found).all()


# -- plugins and the store -----------------------------------------------------------------------

PLUGIN = """
import numpy as np
from gramflow.engine.masks import Masks

class Wrong(Masks):
    name = "wrong"
    def of(self, number):
        return np.full((4, 4), np.nan)
"""


def test_a_plugin_that_gives_no_mask_is_refused_and_its_code_is_in_the_name() -> None:
    def name() -> str:
        return Layout(config({"name": "wrong"})).mask("room", "figure")

    Path("wrong.py").write_text(PLUGIN)
    line = refusal(lambda: made({"name": "wrong"}))
    assert line.startswith("videos.room.masks.figure: its plugin gives no array (height, width)")
    before = name()
    Path("wrong.py").write_text(PLUGIN + "# changed")
    assert name() != before


def test_a_damaged_frame_of_a_mask_is_removed() -> None:
    made("half.png")
    store = mask_store("store")
    (file,) = store.root.glob("*/*.png")
    file.write_bytes(store.path(file.stem).read_bytes()[:-20])
    line = refusal(lambda: read_mask(store, file.stem))
    assert "was damaged, and is removed; run again" in line and not file.exists()
    assert made("half.png").frames.max() == 1
