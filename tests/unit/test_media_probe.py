"""Probing: facts of real films, and one clear line for every kind of unusable file."""

from fractions import Fraction
from pathlib import Path

import pytest

from gramflow.base.errors import GramflowError
from gramflow.media.ffmpeg import local
from gramflow.media.probe import Probe, probe
from tests.support.media import (
    SHARED,
    film,
    make,
    moving,
    needs_shared,
    pictures,
    rotated,
    source_of,
    tone,
    uneven_film,
)


def message(path: Path, **settings: object) -> str:
    with pytest.raises(GramflowError) as caught:
        probe(source_of(path, **settings))
    text = str(caught.value)
    assert text.startswith("videos.room.path: ")
    assert "\n" not in text
    return text


def cut_off(path: Path, part: float) -> Path:
    short = path.with_name(f"short-{path.name}")
    short.write_bytes(path.read_bytes()[: int(path.stat().st_size * part)])
    return short


def test_rate_is_exact(tmp_path: Path) -> None:
    facts = probe(source_of(film(tmp_path / "a.mp4")))
    assert (facts.average_rate, facts.real_rate) == ("30000/1001", "30000/1001")
    assert (facts.frames, facts.variable, facts.start) == (15, False, "0")
    assert Fraction(facts.duration) == 15 * Fraction(1001, 30000)
    assert (facts.width, facts.height, facts.bits, facts.codec) == (64, 48, 8, "h264")
    assert [(sound.codec, sound.sample_rate) for sound in facts.audio] == [("aac", 48000)]


def test_uneven_times_are_seen(tmp_path: Path) -> None:
    assert probe(source_of(uneven_film(tmp_path / "a.mp4"))).variable


def test_rounded_times_are_even(tmp_path: Path) -> None:
    facts = probe(source_of(film(tmp_path / "a.mkv")))
    assert (facts.time_base, facts.variable) == ("1/1000", False)


def test_saves_and_loads(tmp_path: Path) -> None:
    facts = probe(source_of(film(tmp_path / "a.mp4")))
    facts.save(tmp_path / "a.json")
    assert Probe.load(tmp_path / "a.json") == facts


def test_start_of_a_transport_stream(tmp_path: Path) -> None:
    facts = probe(source_of(film(tmp_path / "a.ts")))
    assert Fraction(facts.start) > 1
    assert Fraction(facts.start) < facts.first * Fraction(facts.time_base)


def test_pixel_aspect_and_rotation(tmp_path: Path) -> None:
    wide = film(tmp_path / "wide.mp4", "-vf", "setsar=16/15")
    turned = rotated(wide, tmp_path / "turned.mp4", 90)
    facts = probe(source_of(turned))
    assert (facts.width, facts.height, facts.rotation) == (64, 48, 90)
    assert (facts.pixel_aspect, facts.upright) == ("16/15", (48, 64))
    assert facts.upright_aspect == Fraction(15, 16)


def test_colour_tags_and_depth(tmp_path: Path) -> None:
    deep = film(
        tmp_path / "deep.mp4", "-pix_fmt", "yuv420p10le",
        "-vf", "setparams=range=tv:color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc",
    )  # fmt: skip
    facts = probe(source_of(deep))
    assert (facts.bits, facts.range, facts.matrix) == (10, "tv", "bt2020nc")
    assert (facts.primaries, facts.transfer) == ("bt2020", "smpte2084")


def test_languages(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", "-metadata:s:a:0", "language=deu")
    assert [sound.language for sound in probe(source_of(path)).audio] == ["deu"]


def test_missing(tmp_path: Path) -> None:
    assert "does not exist" in message(tmp_path / "none.mp4")


def test_folder(tmp_path: Path) -> None:
    assert "is a folder" in message(tmp_path)


def test_text_named_as_film(tmp_path: Path) -> None:
    path = tmp_path / "text.mp4"
    path.write_text("no film at all\n" * 100)
    assert "no film that ffmpeg can read" in message(path)


def test_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.mp4"
    path.touch()
    assert "no film that ffmpeg can read" in message(path)


def test_sound_only(tmp_path: Path) -> None:
    make(*tone(), local(tmp_path / "a.m4a"))
    assert "no video stream" in message(tmp_path / "a.m4a")


def test_cover_picture_only(tmp_path: Path) -> None:
    cover, song = pictures(tmp_path, 1)[0], tmp_path / "song.mp4"
    make(
        *tone(), "-i", local(cover), "-map", "0", "-map", "1", "-c:a", "aac", "-c:v", "png",
        "-disposition:v:0", "attached_pic", local(song),
    )  # fmt: skip
    assert "only a cover picture" in message(song)


def test_one_picture(tmp_path: Path) -> None:
    assert "is one picture" in message(pictures(tmp_path, 1)[0])


def test_no_frames(tmp_path: Path) -> None:
    path = tmp_path / "none.avi"
    make(*moving(), "-frames:v", "0", "-c:v", "mjpeg", local(path))
    text = message(path)
    assert "no frames" in text or "no video stream" in text or "no film" in text


@pytest.mark.parametrize("part", [0.6, 0.9])
def test_cut_off_mp4_with_its_index_in_front(tmp_path: Path, part: float) -> None:
    whole = film(tmp_path / "a.mp4", "-an", "-movflags", "+faststart")
    assert "is cut off" in message(cut_off(whole, part))


def test_cut_off_mp4_without_its_index(tmp_path: Path) -> None:
    assert "cut off" in message(cut_off(film(tmp_path / "a.mp4"), 0.6))


def test_cut_off_matroska(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mkv", seconds=1.5)
    assert "is cut off: it ends after" in message(cut_off(path, 0.5))


def test_cut_off_avi(tmp_path: Path) -> None:
    path = film(tmp_path / "a.avi", "-c:v", "mjpeg")
    assert "is cut off" in message(cut_off(path, 0.8))


def test_frames_hidden_by_an_edit_list_are_not_missing(tmp_path: Path) -> None:
    whole, cut = film(tmp_path / "a.mp4", seconds=1), tmp_path / "cut.mp4"
    make("-ss", "0.5", "-i", local(whole), "-c", "copy", local(cut))
    assert 0 < probe(source_of(cut)).frames < 30


def test_sequence(tmp_path: Path) -> None:
    pictures(tmp_path, 12)
    facts = probe(source_of(tmp_path / "*.png", fps="30000/1001"))
    assert (facts.format, facts.frames, facts.average_rate) == ("pictures", 12, "30000/1001")
    assert facts.time_base == "1001/30000"


def test_sequence_in_natural_order(tmp_path: Path) -> None:
    paths = pictures(tmp_path, 12)
    assert source_of(tmp_path / "*.png", fps=25).files == tuple(paths)


@needs_shared
def test_shared_films() -> None:
    room = probe(source_of(SHARED / "data" / "seed" / "room.avi"))
    assert (room.frames, room.average_rate, room.codec, room.range) == (19, "20", "mjpeg", "pc")
    talking = probe(source_of(SHARED / "data" / "talking.mp4"))
    assert (talking.frames, talking.width, talking.audio[0].codec) == (30, 1920, "aac")
