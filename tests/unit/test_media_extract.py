"""Extraction: exact times, exact parts, the film's own depth, damage told."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from gramflow.base.errors import GramflowError
from gramflow.film.manifest import Manifest
from gramflow.media.extract import extract
from gramflow.media.ffmpeg import local
from gramflow.media.probe import probe
from gramflow.store.frames import FrameStore, pixels_digest
from gramflow.store.png import encode_png
from tests.support.media import (
    SHARED,
    decoded,
    extracted,
    film,
    make,
    needs_shared,
    pictures,
    rotated,
    source_of,
    times,
    uneven_film,
)


@pytest.fixture
def store(tmp_path: Path) -> FrameStore:
    return FrameStore(tmp_path / "store")


def seconds(manifest: Manifest) -> list[Fraction]:
    return [manifest.seconds(time) for time in manifest.times]


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi", "a.ts", "a.mov"])
def test_times_are_exact(tmp_path: Path, store: FrameStore, name: str) -> None:
    options = ["-c:v", "mjpeg"] if name == "a.avi" else []
    path = film(tmp_path / name, *options)
    _, facts, manifest = extracted(path, store)
    assert seconds(manifest) == times(path)
    assert len(set(manifest.frames)) == 15
    assert manifest.seconds(manifest.origin) <= Fraction(facts.start)


def test_uneven_times_are_exact(tmp_path: Path, store: FrameStore) -> None:
    path = uneven_film(tmp_path / "a.mp4")
    _, _, manifest = extracted(path, store)
    assert seconds(manifest) == times(path)
    assert len(set(np.diff(manifest.times))) > 3


def test_the_last_frame_lasts(tmp_path: Path, store: FrameStore) -> None:
    _, _, manifest = extracted(film(tmp_path / "a.mp4"), store)
    assert manifest.seconds(manifest.duration) == Fraction(1001, 30000)


def test_pixels_are_the_films(tmp_path: Path, store: FrameStore) -> None:
    path = film(tmp_path / "a.mp4", "-pix_fmt", "yuv444p")
    _, _, manifest = extracted(path, store)
    for key, expected in zip(manifest.frames, decoded(path), strict=True):
        assert np.abs(store.read(key).astype(int) - expected).mean() < 2


@pytest.mark.parametrize("matrix", ["bt709", "bt470bg", "smpte240m", "bt2020nc"])
@pytest.mark.parametrize("range_", ["tv", "pc"])
def test_colours_are_decoded_as_tagged(
    tmp_path: Path, store: FrameStore, matrix: str, range_: str
) -> None:
    used = {"bt470bg": "bt601", "bt2020nc": "bt2020"}.get(matrix, matrix)
    path = tmp_path / "a.mkv"
    make(
        "-f", "lavfi", "-i", "color=0xC83296:s=64x48:r=10:d=0.2,format=gbrp", "-c:v", "libx264",
        "-crf", "1", "-vf", f"scale=out_color_matrix={used}:out_range={range_},format=yuv444p,"
        f"setparams=colorspace={matrix}:range={range_}", local(path),
    )  # fmt: skip
    _, facts, manifest = extracted(path, store)
    assert (facts.matrix, facts.range) == (matrix, range_)
    assert np.abs(store.read(manifest.frames[0])[24, 32].astype(int) - (200, 50, 150)).max() <= 3


def test_twice_is_the_same(tmp_path: Path, store: FrameStore) -> None:
    path = film(tmp_path / "a.mp4")
    one, two = tmp_path / "one/a.json", tmp_path / "two/a.json"
    for saved in (one, two):
        extracted(path, store)[2].save(saved)
    assert one.read_bytes() == two.read_bytes()


def test_only_missing_frames_are_written(tmp_path: Path, store: FrameStore) -> None:
    path = film(tmp_path / "a.mp4")
    _, _, manifest = extracted(path, store)
    before = {key: store.path(key).stat().st_mtime_ns for key in manifest.frames}
    lost, cut, emptied = manifest.frames[3:6]
    store.path(lost).unlink()
    store.path(cut).write_bytes(store.path(cut).read_bytes()[:-1])
    store.path(emptied).write_bytes(b"")
    assert extracted(path, store)[2] == manifest
    changed = {key for key in before if store.path(key).stat().st_mtime_ns != before[key]}
    assert changed == {lost, cut, emptied}


def test_the_manifest_tells_keys_and_sizes_of_the_files(tmp_path: Path, store: FrameStore) -> None:
    _, _, manifest = extracted(film(tmp_path / "a.mp4"), store)
    assert manifest.frames == [pixels_digest(store.read(key)) for key in manifest.frames]
    assert manifest.sizes == [store.path(key).stat().st_size for key in manifest.frames]


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi", "a.ts"])
@pytest.mark.parametrize("part", [(0.2, 0.4), (None, 0.25), (0.3, None)])
def test_a_part(
    tmp_path: Path, store: FrameStore, name: str, part: tuple[float | None, float | None]
) -> None:
    path = film(tmp_path / name, *(["-c:v", "mjpeg"] if name == "a.avi" else []))
    _, facts, whole = extracted(path, store)
    _, _, cut = extracted(path, store, start=part[0], end=part[1])
    zero = Fraction(facts.start)
    start = Fraction(str(part[0] or 0))
    end = Fraction(str(part[1])) if part[1] else Fraction(facts.duration)
    inside = [n for n, time in enumerate(seconds(whole)) if start <= time - zero < end]
    assert cut.frames == [whole.frames[number] for number in inside]
    assert seconds(cut) == [seconds(whole)[number] for number in inside]
    assert abs(cut.seconds(cut.origin) - zero - start) < Fraction(1, 1000)
    assert abs(cut.seconds(cut.times[-1] + cut.duration) - zero - end) < Fraction(2, 1000)


def test_a_late_part_is_found_by_seeking(tmp_path: Path, store: FrameStore) -> None:
    path = film(tmp_path / "a.mp4", "-g", "10", seconds=4, rate="10")
    _, _, whole = extracted(path, store)
    _, _, cut = extracted(path, store, start=3.25)
    assert cut.frames == whole.frames[33:]
    assert cut.times == whole.times[33:]


def test_start_beyond_the_end(tmp_path: Path, store: FrameStore) -> None:
    with pytest.raises(GramflowError, match=r"^videos\.room\.start: 9 is beyond the end"):
        extracted(film(tmp_path / "a.mp4"), store, start=9)


@pytest.mark.parametrize(("clockwise", "size"), [(90, (48, 64)), (180, (64, 48)), (270, (48, 64))])
def test_rotation_is_applied(
    tmp_path: Path, store: FrameStore, clockwise: int, size: tuple[int, int]
) -> None:
    path = film(tmp_path / "a.mp4")
    turned = rotated(path, tmp_path / "turned.mp4", clockwise)
    _, _, straight = extracted(path, store)
    _, facts, manifest = extracted(turned, store)
    assert (manifest.width, manifest.height) == size == facts.upright
    expected = np.rot90(store.read(straight.frames[7]), -clockwise // 90)
    assert np.abs(store.read(manifest.frames[7]).astype(int) - expected).mean() < 4


def test_ten_bits_are_kept(tmp_path: Path, store: FrameStore) -> None:
    path = film(tmp_path / "a.mkv", "-pix_fmt", "yuv420p10le", "-c:v", "ffv1")
    _, facts, manifest = extracted(path, store)
    frame = store.read(manifest.frames[0])
    assert (facts.bits, frame.dtype) == (10, np.uint16)
    assert len(np.unique(frame)) > 256


@pytest.mark.parametrize(
    ("settings", "size"),
    [
        ({"width": 32}, (32, 24)),
        ({"height": 20}, (26, 20)),
        ({"scale": 0.5}, (32, 24)),
        ({"width": 40, "height": 40}, (40, 40)),
        ({"scale": 1}, (64, 48)),
    ],
)
def test_reduced_size(
    tmp_path: Path, store: FrameStore, settings: dict[str, float], size: tuple[int, int]
) -> None:
    _, _, manifest = extracted(film(tmp_path / "a.mp4"), store, **settings)
    assert (manifest.width, manifest.height) == size
    assert store.read(manifest.frames[0]).shape == (size[1], size[0], 3)


def test_no_enlarging(tmp_path: Path, store: FrameStore) -> None:
    with pytest.raises(GramflowError, match=r"^videos\.room: .*only reduce"):
        extracted(film(tmp_path / "a.mp4"), store, width=128)


@pytest.mark.parametrize(
    "name",
    ["with space.mp4", "Zürich 映画.mp4", "-dash.mp4", "a:b.mp4", "50%d.mp4", 'it\'s "it".mp4'],
)
def test_any_name(
    tmp_path: Path, store: FrameStore, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    film(Path(name))
    assert len(extracted(name, store)[2].frames) == 15


def test_negative_times(tmp_path: Path, store: FrameStore) -> None:
    path = film(tmp_path / "a.asf", "-output_ts_offset", "-0.2", "-avoid_negative_ts", "disabled")
    assert times(path)[0] < 0
    assert seconds(extracted(path, store)[2]) == times(path)


def test_sequence(tmp_path: Path, store: FrameStore) -> None:
    pictures(tmp_path / "frames", 12)
    _, _, manifest = extracted(tmp_path / "frames" / "*.png", store, fps="30000/1001")
    assert manifest.time_base == "1001/30000"
    assert manifest.times == list(range(12))
    reds = [int(store.read(key)[0, 0, 0]) for key in manifest.frames]
    assert reds == [number * 9 for number in range(12)]


def test_part_of_a_sequence(tmp_path: Path, store: FrameStore) -> None:
    pictures(tmp_path / "frames", 12)
    _, _, manifest = extracted(tmp_path / "frames" / "*.png", store, fps=10, start=0.25, end=0.7)
    assert seconds(manifest) == [Fraction(n, 10) for n in (3, 4, 5, 6)]
    assert manifest.seconds(manifest.origin) == Fraction(1, 4)


def test_deep_pictures(tmp_path: Path, store: FrameStore) -> None:
    pixels = np.full((48, 64, 3), 300, np.uint16)
    (tmp_path / "1.png").write_bytes(encode_png(pixels))
    _, facts, manifest = extracted(tmp_path / "*.png", store, fps=10)
    assert facts.bits == 16
    assert np.array_equal(store.read(manifest.frames[0]), pixels)


def test_odd_picture_in_a_sequence(tmp_path: Path, store: FrameStore) -> None:
    paths = pictures(tmp_path, 4)
    pictures(tmp_path / "other", 1, (32, 32))[0].replace(paths[2])
    with pytest.raises(GramflowError, match=r"^videos\.room\.path: .*3\.png has 32x32 pixels"):
        extracted(tmp_path / "*.png", store, fps=10)


def test_damage_that_costs_frames(tmp_path: Path, store: FrameStore) -> None:
    path = film(tmp_path / "a.mov", "-c:v", "png", "-an")
    data = bytearray(path.read_bytes())
    place = data.index(b"\x89PNG", len(data) // 2)
    data[place : place + 8] = bytes(8)
    path.write_bytes(data)
    with pytest.raises(GramflowError, match=r"is damaged: 14 of 15 frames could be decoded"):
        extracted(path, store)


def test_hidden_damage_is_said(tmp_path: Path, store: FrameStore) -> None:
    path = film(tmp_path / "a.mp4", "-an", "-g", "100")
    data = bytearray(path.read_bytes())
    middle = data.index(b"mdat") + (len(data) - data.index(b"mdat")) // 2
    data[middle : middle + 60] = b"\xff" * 60
    path.write_bytes(data)
    lines: list[str] = []
    source = source_of(path)
    try:
        extract(source, probe(source), store, lines.append)
    except GramflowError as error:
        lines.append(str(error))
    assert "damaged" in lines[0]


def test_a_full_disk_ends_ffmpeg(tmp_path: Path) -> None:
    class Full(FrameStore):
        def write(self, key: str, pixels: object, note: object = None) -> None:
            raise GramflowError("full")

    with pytest.raises(GramflowError, match="full"):
        extracted(film(tmp_path / "a.mp4"), Full(tmp_path / "store"))
    # this test's own children only
    children = Path("/proc/self/task").glob("*/children")
    assert not any(child.read_text().strip() for child in children)


@needs_shared
def test_shared_films(tmp_path: Path, store: FrameStore) -> None:
    _, _, room = extracted(SHARED / "data" / "seed" / "room.avi", store)
    assert (len(room.frames), room.width, seconds(room)[1]) == (19, 640, Fraction(1, 20))
    _, _, talking = extracted(SHARED / "data" / "talking.mp4", store, width=64)
    assert (len(talking.frames), talking.width, talking.height) == (30, 64, 36)
