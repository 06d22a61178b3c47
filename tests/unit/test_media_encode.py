"""The way there and back: what comes out of encode keeps all that the source had."""

import shutil
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from gramflow.base.errors import GramflowError
from gramflow.media.encode import copy_for_browsers, encode, encode_for_page, try_out
from gramflow.media.ffmpeg import local
from gramflow.media.probe import Probe, probe
from gramflow.store.frames import FrameStore, Store
from tests.support.media import (
    SETTINGS,
    SHARED,
    decoded,
    deep_frames,
    extracted,
    film,
    make,
    moving,
    needs_shared,
    packets,
    painted,
    pictures,
    quiet,
    rotated,
    source_of,
    times,
    tone,
    uneven_film,
)


def facts_of(path: Path) -> Probe:
    return probe(source_of(path))


def shown(path: Path) -> list[Fraction]:
    """When the frames are shown, from the start of film and sound."""
    start = Fraction(facts_of(path).start)
    return [time - start for time in times(path)]


def data(path: Path, kind: str, number: int = 0) -> list[bytes]:
    return [content for _, content in packets(path, kind, number)]


def test_exact_rate(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4")
    before, after = facts_of(path), facts_of(painted(path, tmp_path))
    assert after.average_rate == after.real_rate == before.average_rate == "30000/1001"
    assert shown(tmp_path / "results/room.mp4") == shown(path)
    assert (after.frames, after.duration) == (15, before.duration)


def test_uneven_times(tmp_path: Path) -> None:
    path = uneven_film(tmp_path / "a.mp4")
    output = painted(path, tmp_path, {"speed": "medium"})
    assert times(output) == times(path)
    assert facts_of(output).duration == facts_of(path).duration


def test_b_frames_at_even_rates(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4")
    output = painted(path, tmp_path, {"speed": "medium"})
    assert times(output) == times(path)
    assert facts_of(output).duration == facts_of(path).duration


@pytest.mark.parametrize("name", ["a.mkv", "a.ts", "a.avi"])
def test_times_of_other_containers(tmp_path: Path, name: str) -> None:
    path = film(tmp_path / name)
    assert shown(painted(path, tmp_path)) == shown(path)


def test_one_frame(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", "-frames:v", "1", "-an")
    output = painted(path, tmp_path)
    assert (facts_of(output).frames, facts_of(output).duration) == (1, facts_of(path).duration)


def test_sound_is_copied(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4")
    output = painted(path, tmp_path)
    assert packets(output, "audio") == packets(path, "audio")


@pytest.mark.parametrize("encoder", ["ac3", "dca", "eac3", "flac", "libmp3lame", "libopus"])
def test_any_sound_that_an_mp4_holds_is_copied(tmp_path: Path, encoder: str) -> None:
    """Also FLAC, which ffmpeg 5.1 calls experimental in an mp4."""
    path = film(tmp_path / "a.mkv", "-c:a", encoder, "-strict", "experimental")
    output = painted(path, tmp_path)
    assert [sound.codec for sound in facts_of(output).audio] == [
        sound.codec for sound in facts_of(path).audio
    ]
    assert data(output, "audio") == data(path, "audio")


def test_several_sounds(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    make(
        *moving(), *tone(), *tone(), *tone(), "-map", "0", "-map", "1", "-map", "2", "-map", "3",
        "-pix_fmt", "yuv420p", "-c:a:0", "aac", "-c:a:1", "pcm_s16le", "-c:a:2", "ac3",
        "-metadata:s:a:0", "language=deu", "-metadata:s:a:1", "language=fra", local(path),
    )  # fmt: skip
    output = painted(path, tmp_path)
    sounds = facts_of(output).audio
    assert [sound.codec for sound in sounds] == ["aac", "aac", "ac3"]
    assert [sound.language for sound in sounds] == ["deu", "fra", None]
    assert data(output, "audio", 0) == data(path, "audio", 0)
    assert data(output, "audio", 2) == data(path, "audio", 2)


@pytest.mark.parametrize("codec", ["aac", "pcm_s16le"])
@pytest.mark.parametrize("late", ["film", "sound"])
def test_offset_between_film_and_sound(tmp_path: Path, codec: str, late: str) -> None:
    path = tmp_path / "a.mov"
    film_delay, sound_delay = ("0.3", "0") if late == "film" else ("0", "0.3")
    make(
        *moving(), *tone(), "-map", "0", "-map", "1", "-pix_fmt", "yuv420p", "-c:a", codec,
        "-vf", f"setpts=PTS+{film_delay}/TB", "-af", f"asetpts=PTS+{sound_delay}/TB",
        "-fps_mode", "passthrough", local(path),
    )  # fmt: skip
    output = painted(path, tmp_path)
    assert shown(output) == shown(path)
    assert heard(output) == pytest.approx(heard(path), abs=1e-3)
    assert (shown(path)[0] > Fraction(1, 4)) == (late == "film")


def heard(path: Path) -> float:
    """When the first sound is loud, in seconds."""
    with av.open(local(path)) as container:
        resampler = av.AudioResampler("fltp")
        for raw in container.decode(audio=0):
            for frame in resampler.resample(raw):
                loud = np.flatnonzero(np.abs(frame.to_ndarray()).max(axis=0) > 0.06)
                if len(loud):
                    return float(frame.pts * frame.time_base) + loud[0] / frame.sample_rate
    raise AssertionError("silence")


@pytest.mark.parametrize("codec", ["aac", "pcm_s16le"])
@pytest.mark.parametrize("name", ["a.mkv", "a.mov"])
def test_a_part_keeps_its_sound(tmp_path: Path, codec: str, name: str) -> None:
    path = tmp_path / name
    beep = "aevalsrc=between(t\\,1.0\\,1.02)*sin(t*5000):s=48000:d=2"
    make(
        *moving(2, "20"), "-f", "lavfi", "-i", beep, "-map", "0", "-map", "1",
        "-pix_fmt", "yuv420p", "-c:a", codec, local(path),
    )  # fmt: skip
    output = painted(path, tmp_path, start=0.72, end=1.53)
    expected = [float(time) - 0.72 for time in shown(path) if 0.72 <= time < 1.53]
    assert [float(time) for time in times(output)] == pytest.approx(expected, abs=1e-4)
    start = float(Fraction(facts_of(path).start)) + 0.72
    assert heard(output) == pytest.approx(heard(path) - start, abs=4e-3)
    facts = facts_of(output)
    assert float(Fraction(facts.duration)) == pytest.approx(0.81, abs=1e-3)
    sound = [time for time, _ in packets(output, "audio")]
    assert sound[0] < 0  # decoders start before the part, so that its first sound is whole
    assert 0.75 < sound[-1] < 0.81


def subtitles(folder: Path) -> Path:
    path = folder / "a.srt"
    path.write_text("1\n00:00:00,100 --> 00:00:00,300\nHello\n\n")
    return path


def test_subtitles(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    make(
        *moving(), "-i", local(subtitles(tmp_path)), "-map", "0", "-map", "1",
        "-pix_fmt", "yuv420p", "-c:s", "subrip", "-metadata:s:s:0", "language=deu", local(path),
    )  # fmt: skip
    output = painted(path, tmp_path)
    tracks = facts_of(output).subtitles
    assert [(track.codec, track.language) for track in tracks] == [("mov_text", "deu")]
    texts = [(time, text) for time, text in packets(output, "subtitles") if b"Hello" in text]
    assert [time for time, _ in texts] == [Fraction(1, 10)]


def test_bitmap_subtitles_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    make(
        *moving(), "-i", local(subtitles(tmp_path)), "-map", "0", "-map", "1",
        "-pix_fmt", "yuv420p", "-c:s", "subrip", local(path),
    )  # fmt: skip
    store = FrameStore(tmp_path / "store")
    source, facts, manifest = extracted(path, store)
    facts = replace(facts, subtitles=[replace(facts.subtitles[0], codec="hdmv_pgs_subtitle")])
    lines: list[str] = []
    output = tmp_path / "out.mp4"
    frames = deep_frames(store, manifest.frames, tmp_path / "frames")
    encode(manifest, facts, source, frames, manifest.frames, output, SETTINGS, lines.append)
    assert facts_of(output).subtitles == []
    assert lines == [f"WARNING: {output}: without the subtitles of stream 1, which are pictures"]


def test_metadata_and_chapters(tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text(
        ";FFMETADATA1\ntitle=A film\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=200\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=200\nEND=400\ntitle=Middle\n"
    )
    path = tmp_path / "a.mp4"
    make(*moving(), "-i", local(notes), "-map_metadata", "1", "-pix_fmt", "yuv420p", local(path))
    with av.open(local(painted(path, tmp_path))) as container:
        assert container.metadata["title"] == "A film"
        chapters = container.chapters()
    starts = [chapter["start"] * chapter["time_base"] for chapter in chapters]
    assert starts == [0, Fraction(1, 5)]


def test_pixel_aspect(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", "-vf", "setsar=16/15")
    assert facts_of(painted(path, tmp_path)).pixel_aspect == "16/15"


def test_a_squeezed_film_keeps_its_shape(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4")
    assert facts_of(painted(path, tmp_path, width=32, height=48)).pixel_aspect == "2"


def test_rotation_is_done(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", "-vf", "setsar=4/3")
    facts = facts_of(painted(rotated(path, tmp_path / "turned.mp4", 90), tmp_path))
    assert (facts.width, facts.height, facts.rotation) == (48, 64, 0)
    assert facts.pixel_aspect == "3/4"


TAGGED = {
    "untagged": None,
    "hd": ("tv", "bt709", "bt709", "bt709"),
    "full": ("pc", "bt470bg", "smpte170m", "smpte170m"),
    "hdr": ("tv", "bt2020", "smpte2084", "bt2020nc"),
}


@pytest.mark.parametrize("kind", TAGGED)
def test_colours(tmp_path: Path, kind: str) -> None:
    tags = TAGGED[kind]
    names = zip(("range", "color_primaries", "color_trc", "colorspace"), tags or (), strict=False)
    filters = ["scale=out_range=pc"] if kind == "full" else []
    filters += ["format=yuv444p"]
    filters += ["setparams=" + ":".join(f"{name}={tag}" for name, tag in names)] if tags else []
    options = ["-color_range", tags[0]] if tags else []
    path = film(tmp_path / "a.mp4", "-vf", ",".join(filters), *options)
    output = painted(path, tmp_path, {"pixel_format": "yuv444p", "crf": 1})
    before, after = facts_of(path), facts_of(output)
    found = (after.range, after.primaries, after.transfer, after.matrix)
    assert found == (before.range, before.primaries, before.transfer, before.matrix)
    assert found == (tags or (None,) * 4)
    assert difference(path, output) < 1.5


def difference(one: Path, other: Path) -> float:
    """The mean difference of two films' frames, of 255."""
    store = FrameStore(one.parent / "compared")
    keys = [extracted(path, store)[2].frames for path in (one, other)]
    scale = 255 / np.iinfo(store.read(keys[0][0]).dtype).max
    pairs = ((store.read(a).astype(float), store.read(b)) for a, b in zip(*keys, strict=True))
    return float(np.mean([np.abs(a - b).mean() for a, b in pairs])) * scale


def test_colours_of_the_usual_pixel_format(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4")
    assert difference(path, painted(path, tmp_path, {"crf": 1})) < 3


def test_colours_of_pictures(tmp_path: Path) -> None:
    pictures(tmp_path / "frames", 5)
    output = painted(tmp_path / "frames" / "*.png", tmp_path, {"crf": 1}, fps=10)
    store = FrameStore(tmp_path / "store")
    keys = extracted(tmp_path / "frames" / "*.png", store, fps=10)[2].frames
    again = extracted(output, store)[2].frames
    for one, other in zip(keys, again, strict=True):
        assert np.abs(store.read(one).astype(float) - store.read(other)).mean() < 2
    facts = facts_of(output)
    assert (facts.matrix, facts.range, facts.average_rate) == ("bt709", "tv", "10")
    assert facts.audio == []


def test_ten_bits(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mkv", "-pix_fmt", "yuv420p10le", "-c:v", "ffv1")
    assert facts_of(painted(path, tmp_path, {"pixel_format": "yuv420p10le"})).bits == 10


def test_same_input_same_bytes(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mkv", "-c:a", "pcm_s16le")
    one = painted(path, tmp_path / "one", {"speed": "medium"})
    other = painted(path, tmp_path / "two", {"speed": "medium"})
    assert one.read_bytes() == other.read_bytes()


def test_working_size_of_a_look(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4")
    source, facts, manifest = extracted(path, FrameStore(tmp_path / "store"))
    store, output = Store(tmp_path / "painted"), tmp_path / "out.mp4"
    store.write("ab", np.full((24, 32, 3), 30000, np.uint16))
    encode(manifest, facts, source, store, ["ab"] * 15, output, SETTINGS, quiet)
    assert (facts_of(output).width, facts_of(output).frames) == (32, 15)
    assert times(output) == times(path)


@pytest.mark.parametrize("name", ["with space.mp4", "Zürich 映画.mp4", "-a:50%d'\".mp4"])
def test_any_name(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    film(Path(name))
    store = FrameStore(tmp_path / "store")
    source, facts, manifest = extracted(name, store)
    frames = deep_frames(store, manifest.frames, tmp_path / "frames")
    encode(manifest, facts, source, frames, manifest.frames, Path("out", name), SETTINGS, quiet)
    assert data(Path("out", name), "audio") == data(Path(name), "audio")


class TestErrors:
    """Nothing is left behind, and the message says what to do."""

    def refused(self, folder: Path, match: str, **settings: object) -> None:
        output = folder / "results" / "room.mp4"
        with pytest.raises(GramflowError, match=match) as caught:
            painted(film(folder / "a.mp4"), folder, settings)
        assert "\n" not in str(caught.value)
        assert list(output.parent.glob("*")) == [] or not output.parent.exists()

    def test_unknown_codec(self, tmp_path: Path) -> None:
        self.refused(tmp_path, r"room\.mp4: ffmpeg failed: .*no-such", codec="no-such")

    def test_unknown_pixel_format(self, tmp_path: Path) -> None:
        self.refused(tmp_path, r"no-such is no pixel format", pixel_format="no-such")

    def test_unknown_speed(self, tmp_path: Path) -> None:
        self.refused(tmp_path, r"room\.mp4: ffmpeg failed: .*no-such", speed="no-such")

    def test_odd_size(self, tmp_path: Path) -> None:
        pictures(tmp_path / "frames", 3, (33, 24))
        with pytest.raises(GramflowError, match=r"yuv420p needs even sides.*33x24"):
            painted(tmp_path / "frames" / "*.png", tmp_path, fps=10)
        output = painted(
            tmp_path / "frames" / "*.png", tmp_path, {"pixel_format": "yuv444p"}, fps=10
        )
        assert facts_of(output).width == 33

    def test_missing_frames(self, tmp_path: Path) -> None:
        path = film(tmp_path / "a.mp4")
        source, facts, manifest = extracted(path, FrameStore(tmp_path / "store"))
        store, output = Store(tmp_path / "painted"), tmp_path / "out" / "a.mp4"
        with pytest.raises(GramflowError, match="14 frames for a film of 15"):
            encode(manifest, facts, source, store, ["ab"] * 14, output, SETTINGS, quiet)
        with pytest.raises(GramflowError, match=r"ab\.png: was deleted during .*; run again"):
            encode(manifest, facts, source, store, ["ab"] * 15, output, SETTINGS, quiet)
        for key in ("ab", "cd"):
            store.write(key, np.zeros((48, 64, 3), np.uint16))
        store.path("cd").write_bytes(store.path("cd").read_bytes()[:-20])
        with pytest.raises(GramflowError, match=r"cd\.png: was damaged, and is removed; run again"):
            encode(manifest, facts, source, store, ["ab"] * 14 + ["cd"], output, SETTINGS, quiet)
        assert list(output.parent.glob("*")) == []

    def test_frames_of_several_sizes(self, tmp_path: Path) -> None:
        path = film(tmp_path / "a.mp4")
        source, facts, manifest = extracted(path, FrameStore(tmp_path / "store"))
        store, output = Store(tmp_path / "painted"), tmp_path / "out" / "a.mp4"
        store.write("ab", np.zeros((24, 32, 3), np.uint16))
        store.write("cd", np.zeros((48, 64, 3), np.uint16))
        keys = ["ab"] * 14 + ["cd"]
        with pytest.raises(GramflowError, match=r"cd\.png has 64x48 pixels, the first frame 32x24"):
            encode(manifest, facts, source, store, keys, output, SETTINGS, quiet)
        assert list(output.parent.glob("*")) == []


class TestTrial:
    """What will not become a film is known without one."""

    @pytest.mark.parametrize(
        ("codec", "pixel_format", "size"),
        [
            ("libx264", "yuv420p", (320, 180)),
            ("libx264", "yuv444p", (33, 35)),
            ("libx264", "gray", (33, 35)),
            ("libx264", "nv12", (64, 48)),
            ("libx264rgb", "rgb24", (33, 35)),
            ("libx265", "yuv420p10le", (64, 48)),
        ],
    )
    def test_what_goes_together(self, codec: str, pixel_format: str, size: tuple[int, int]) -> None:
        try_out(SETTINGS | {"codec": codec, "pixel_format": pixel_format}, [size])

    @pytest.mark.parametrize(
        ("changes", "size", "message"),
        [
            ({"codec": "no-such"}, (64, 48), r"^encode: .*96x54.* give another codec.*'no-such'"),
            ({"speed": "no-such"}, (64, 48), r"^encode: .* give another .* speed: .*no-such"),
            ({"codec": "libvpx"}, (64, 48), r"^encode: .* vp8 .*not currently supported"),
            ({"pixel_format": "no-such"}, (64, 48), r"^encode\.pixel_format: no-such is no pixel"),
            ({"pixel_format": "yuv422p"}, (33, 48), r"^encode\.pixel_format: .* even .*33x48"),
            ({}, (64, 35), r"^encode\.pixel_format: yuv420p needs even sides.*64x35"),
            # ffmpeg alone would not refuse these
            ({"codec": "mpeg4", "pixel_format": "yuv444p"}, (64, 48), r"mpeg4 .* make it yuv420p"),
            ({"codec": "mpeg4", "pixel_format": "yuv420p10le"}, (64, 48), r"make it yuv420p;"),
            ({"pixel_format": "rgb24"}, (64, 48), r"^encode\.pixel_format: libx264 .* yuv444p"),
        ],
    )
    def test_what_does_not(
        self, changes: dict[str, str], size: tuple[int, int], message: str
    ) -> None:
        with pytest.raises(GramflowError, match=message) as caught:
            try_out(SETTINGS | changes, [(96, 54), size])
        assert "\n" not in str(caught.value)


@needs_shared
def test_shared_films(tmp_path: Path) -> None:
    room = tmp_path / "room.avi"
    shutil.copy(SHARED / "data" / "seed" / "room.avi", room)
    output = painted(room, tmp_path / "room", {"crf": 1})
    assert times(output) == times(room)
    assert facts_of(output).real_rate == "20"
    assert difference(room, output) < 3
    talking = SHARED / "data" / "talking.mp4"
    output = painted(talking, tmp_path / "talking", width=64)
    assert times(output) == times(talking)
    assert packets(output, "audio") == packets(talking, "audio")


def test_films_for_the_page(tmp_path: Path) -> None:
    """With even sides, 4:2:0 and the film's times, whatever the film has."""
    path = uneven_film(tmp_path / "a.mkv")
    film = painted(path, tmp_path, {"pixel_format": "yuv444p"})
    copy, source = tmp_path / "copy.mp4", tmp_path / "source.mp4"
    copy_for_browsers(film, copy)
    store = FrameStore(tmp_path / "store")
    _, facts, manifest = extracted(path, store)
    encode_for_page(manifest, facts, store, manifest.frames, (33, 25), source, quiet)
    for made, size in ((copy, (64, 48)), (source, (34, 26))):
        assert times(made) == times(film)
        with av.open(local(made)) as container:
            stream = container.streams.video[0]
            found = stream.codec_context.name, stream.pix_fmt, (stream.width, stream.height)
        assert found == ("h264", "yuv420p", size)
    for before, after in zip(decoded(film), decoded(source), strict=True):
        assert after.mean() == pytest.approx(before.mean(), abs=3)
