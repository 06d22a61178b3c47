"""Studios' formats, there and back: picture, times, tags, sound and time code are kept."""

import json
import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from gramflow.base.errors import GramflowError
from gramflow.media.encode import told_by, try_out
from gramflow.media.light import View, hlg_light, pq_light, srgb_light
from gramflow.media.timecode import advanced
from gramflow.settings.config import load
from gramflow.settings.encoding import container_of
from gramflow.store.frames import FrameStore
from gramflow.store.layout import Layout
from tests.support.media import (
    extracted,
    film,
    local,
    make,
    moving,
    packets,
    source_of,
    times,
)
from tests.support.studio import (
    chapters,
    copied,
    difference,
    encoding,
    facts_of,
    lights,
    raw,
    read_lights,
    read_pictures,
    studio_film,
    tags,
    write_lights,
    write_pictures,
)

PRORES = ("-c:v", "prores_ks", "-profile:v", "hq", "-pix_fmt", "yuv422p10le")
P4444 = ("-c:v", "prores_ks", "-profile:v", "4444", "-pix_fmt", "yuva444p10le")
DNXHR = ("-c:v", "dnxhd", "-profile:v", "dnxhr_hqx", "-pix_fmt", "yuv422p10le")
BT709 = "range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
FORMATS = {
    "prores": ("a.mov", PRORES, "64x48", {"codec": "prores_ks"}),
    "dnxhr": ("a.mov", DNXHR, "256x120", {"codec": "dnxhd"}),
    "mxf": ("a.mxf", (*DNXHR, "-ar", "48000"), "256x120", {"codec": "dnxhd"}),
    "ffv1": (
        "a.mkv",
        ("-c:v", "ffv1", "-pix_fmt", "yuv444p10le"),
        "64x48",
        {"codec": "ffv1", "pixel_format": "yuv444p10le"},
    ),
}


@pytest.mark.parametrize("kind", FORMATS)
def test_a_studio_film_there_and_back(tmp_path: Path, kind: str) -> None:
    name, options, size, settings = FORMATS[kind]
    pixels = options[options.index("-pix_fmt") + 1]
    shape = f"scale=out_color_matrix=bt709,format={pixels},setparams={BT709}"
    path = studio_film(tmp_path / name, *options, "-vf", shape, size=size)
    output = copied(path, tmp_path, settings)
    before, after = facts_of(path), facts_of(output)
    found = difference(path, output)
    # in 4:2:2 colours are resampled on the way to RGB and back, and both encoders lose a little
    assert found.most <= 1 if kind == "ffv1" else found.mean < 0.6
    assert tags(after) == tags(before) == ("tv", "bt709", "bt709", "bt709")
    assert (after.bits, after.pixel_format) == (before.bits, before.pixel_format)
    assert after.average_rate == before.average_rate
    shift = Fraction(1, 2000) if output.suffix == ".mkv" else 0  # Matroska has milliseconds
    assert all(abs(a - b) <= shift for a, b in zip(times(path), times(output), strict=True))
    assert after.timecode == before.timecode == "01:02:03:04"
    assert [sound.codec for sound in after.audio] == ["pcm_s24le"] * 2
    for number in range(2):
        data = [
            b"".join(part for _, part in packets(each, "audio", number)) for each in (path, output)
        ]
        assert data[0] == data[1]
    if kind != "mxf":  # which has no chapters, and no languages where ffmpeg writes it
        assert chapters(output) == chapters(path)
        assert [sound.language for sound in after.audio] == ["eng", "fra"]
    assert json.loads(told_by(output)) == {"engine": 0}


def test_alpha_of_prores_4444(tmp_path: Path) -> None:
    shape = "format=yuva444p10le,geq=lum=400+X:cb=512+Y:cr=512-Y:a=16*X"
    path = studio_film(tmp_path / "a.mov", *P4444, "-vf", shape)
    settings = {"codec": "prores_ks", "pixel_format": "yuva444p10le"}
    output = copied(path, tmp_path / "with", settings, alpha=True)
    before, after = (np.array(raw(each)) for each in (path, output))  # 12 bits, as decoded
    assert np.ptp(before[:, 3]) > 3600
    assert np.abs(before[:, 3] - after[:, 3]).max() <= 4  # a code value of the 10 bits
    assert np.abs(before[:, :3] - after[:, :3]).mean() < 4
    opaque = copied(path, tmp_path / "without", settings)
    assert np.array(raw(opaque))[:, 3].min() >= 4092


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_16_bit_pictures_are_copied_exactly(tmp_path: Path, suffix: str) -> None:
    written = write_pictures(tmp_path / "in", suffix)
    output = copied(tmp_path / f"in/*{suffix}", tmp_path, {"codec": "png"}, fps="24000/1001")
    np.testing.assert_array_equal(read_pictures(output), written)
    facts = json.loads((output / "frames.json").read_text())
    assert facts["rate"] == "24000/1001"
    assert facts["seconds"] == ["0", "1001/24000", "1001/12000", "1001/8000"]
    assert json.loads(told_by(output)) == {"engine": 0}


def test_16_bit_pictures_with_alpha(tmp_path: Path) -> None:
    written = write_pictures(tmp_path / "in", ".png", channels=4)
    settings = {"codec": "png", "pixel_format": "rgba64le"}
    output = copied(tmp_path / "in/*.png", tmp_path, settings, fps=24, alpha=True)
    np.testing.assert_array_equal(read_pictures(output), written)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("view", [{}, {"exposure": -1.5}, {"exposure": 2}])
def test_light_of_exr_there_and_back(tmp_path: Path, channels: int, view: dict[str, Any]) -> None:
    gain = 2.0 ** -view.get("exposure", 0)  # keeps the light in the view's range
    frames = (
        np.concatenate([light[..., :3] * np.float32(gain), light[..., 3:]], -1)
        .astype(np.float16)
        .astype(np.float32)
        for light in lights(channels=channels)
    )
    written = np.stack(write_lights(tmp_path / "in", frames))
    layout = "gbrapf32le" if channels == 4 else "gbrpf32le"
    settings = {"codec": "exr", "pixel_format": layout}
    video = {"fps": 24, "alpha": channels == 4, **view}
    found = np.stack(read_lights(copied(tmp_path / "in/*.exr", tmp_path, settings, **video)))
    away = np.abs(found - written)
    # 16-bit code values of darker light, or of a smaller alpha, are too far apart for 1e-3
    plain = written[..., :3] >= (1.2e-3 if channels == 3 else 4e-3) * gain
    if channels == 4:
        plain &= written[..., 3:] >= 0.05
        assert away[..., 3].max() <= 2**-11
    assert (away[..., :3][plain] / written[..., :3][plain]).max() <= 1e-3
    assert channels == 4 or away[~plain].max() <= 1.5e-6 * gain


def test_alpha_that_the_film_cannot_have_is_said(tmp_path: Path) -> None:
    write_pictures(tmp_path / "in", ".png", channels=4, count=2)
    lines: list[str] = []
    output = copied(tmp_path / "in/*.png", tmp_path, {}, lines.append, fps=24, alpha=True)
    assert lines[0].startswith(f"WARNING: {output}: without alpha, which yuv420p has not")


def test_light_beyond_the_view_is_clipped(tmp_path: Path) -> None:
    light = np.float32([0.25, 0.5, 1, 4, 16, 60])[None, :, None].repeat(32, 0).repeat(3, 2)
    write_lights(tmp_path / "in", iter([light]))
    for highlights, most in (("roll", 16), ("clip", 1)):
        video = {"fps": 24, "highlights": highlights}
        output = copied(tmp_path / "in/*.exr", tmp_path / highlights, {"codec": "exr"}, **video)
        expected = np.minimum(light, most)
        np.testing.assert_allclose(read_lights(output)[0], expected, rtol=1e-3)


def test_a_film_of_light_is_tagged_as_it_is_seen(tmp_path: Path) -> None:
    write_lights(tmp_path / "in", lights())
    output = copied(tmp_path / "in/*.exr", tmp_path, {"codec": "prores_ks"}, fps=24)
    assert tags(facts_of(output)) == ("tv", "bt709", "iec61966-2-1", "bt709")


@pytest.mark.parametrize("transfer", ["smpte2084", "arib-std-b67"])
def test_hdr_is_kept_or_converted(tmp_path: Path, transfer: str) -> None:
    names = f"range=tv:color_primaries=bt2020:color_trc={transfer}:colorspace=bt2020nc"
    path = studio_film(
        tmp_path / "a.mkv", "-c:v", "ffv1",
        "-vf", f"scale=out_color_matrix=bt2020,format=yuv444p10le,setparams={names}",
    )  # fmt: skip
    settings = {"codec": "ffv1", "pixel_format": "yuv444p10le"}
    kept = copied(path, tmp_path / "kept", settings)
    assert tags(facts_of(kept)) == ("tv", "bt2020", transfer, "bt2020nc")
    assert difference(path, kept).most <= 1
    converted = copied(path, tmp_path / "converted", settings, colours="bt709")
    assert tags(facts_of(converted)) == ("tv", "bt709", "iec61966-2-1", "bt709")


def test_reference_white_of_hdr_is_white_of_light() -> None:
    """BT.2408: PQ 58 % and HLG 75 % are 203 cd/m2; grey stays grey."""
    assert pq_light(np.array([0.58]))[0] == pytest.approx(1, rel=0.01)
    assert pq_light(np.array([1.0]))[0] == pytest.approx(10000 / 203)
    assert hlg_light(np.array([0.75]))[0] == pytest.approx(1)
    light = View(highlights="clip").light(np.array([65535, 0], np.uint16))
    np.testing.assert_allclose(light, [1, 0])
    assert srgb_light(np.array([0.5]))[0] == pytest.approx(0.21404, rel=1e-4)


def test_fields_are_made_frames(tmp_path: Path) -> None:
    """A moving edge in fields has combs: neighbouring lines differ; bwdif takes them out."""
    path = tmp_path / "a.mkv"
    make(
        "-f", "lavfi", "-i", "color=black:s=64x48:r=50:d=0.32", "-vf",
        "geq=lum='if(lt(X,8+3*N),235,16)':cb=128:cr=128,interlace,format=yuv420p",
        "-c:v", "ffv1", local(path),
    )  # fmt: skip
    assert facts_of(path).interlaced

    def combs(**video: Any) -> tuple[float, list[int]]:
        store = FrameStore(tmp_path / "store")
        _, _, manifest = extracted(path, store, **video)
        pixels = np.stack([store.read(key) for key in manifest.frames]).astype(int)
        return float(np.abs(np.diff(pixels, axis=1)).mean()), manifest.times

    combed, before = combs(deinterlace=False)
    smooth, after = combs()
    assert smooth < combed / 3 and before == after
    part = combs(start=0.12, end=0.24)[1]
    assert part == [time for time in after if 120 <= time < 240]


def test_times_of_a_loop_are_rounded(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4")
    gif = copied(path, tmp_path, {"codec": "gif"})
    assert len(times(gif)) == 15
    expected = times(path)
    for found, wanted in zip(times(gif), expected, strict=True):
        assert abs(found - wanted) <= Fraction(1, 200)


def test_a_lossless_webp_loop(tmp_path: Path) -> None:
    from PIL import Image

    path = film(tmp_path / "a.mkv", "-c:v", "ffv1")
    loop = Image.open(copied(path, tmp_path, {"codec": "libwebp_anim"}))
    assert (loop.n_frames, loop.info["loop"]) == (15, 0)
    store = FrameStore(tmp_path / "store")
    _, _, manifest = extracted(path, store)
    for number in (0, 7, 14):
        loop.seek(number)
        found = np.asarray(loop.convert("RGB")).astype(int)
        assert np.abs(found - store.read(manifest.frames[number])).max() <= 1


@pytest.mark.parametrize("codec", ["libx265", "libsvtav1", "libaom-av1"])
def test_small_films(tmp_path: Path, codec: str) -> None:
    path = film(tmp_path / "a.mp4", "-frames:v", "4")
    settings = {"codec": codec, "crf": 5, "speed": "ultrafast"}
    output = copied(path, tmp_path, settings)
    assert times(output) == times(path) and output.suffix == ".mp4"
    assert facts_of(output).codec in ("hevc", "av1")


def test_matroska_keeps_any_sound_and_subtitles(tmp_path: Path) -> None:
    text = tmp_path / "a.srt"
    text.write_text("1\n00:00:00,100 --> 00:00:00,300\nHello\n\n")
    path = tmp_path / "a.mkv"
    make(
        *moving(), "-f", "lavfi", "-i", "sine=d=0.5", "-i", local(text),
        "-map", "0", "-map", "1", "-map", "1", "-map", "2", "-pix_fmt", "yuv420p",
        "-c:a:0", "pcm_s16le", "-c:a:1", "libvorbis", "-c:s", "subrip",
        "-metadata:s:s:0", "language=deu", local(path),
    )  # fmt: skip
    output = copied(path, tmp_path, {"container": "mkv"})
    facts = facts_of(output)
    assert output.suffix == ".mkv" and facts.codec == "h264"
    assert [sound.codec for sound in facts.audio] == ["pcm_s16le", "vorbis"]
    assert [(each.codec, each.language) for each in facts.subtitles] == [("subrip", "deu")]


def test_a_folder_of_frames_has_the_sound(tmp_path: Path) -> None:
    path = studio_film(tmp_path / "a.mov", *PRORES)
    output = copied(path, tmp_path, {"codec": "exr"})
    assert [file.name for file in sorted(output.iterdir())] == [
        *(f"{number:06d}.exr" for number in range(6)), "frames.json", "sound.mka",
    ]  # fmt: skip
    with av.open(local(output / "sound.mka")) as sound:
        assert [each.codec_context.name for each in sound.streams.audio] == ["pcm_s24le"] * 2
    assert [title for _, title in chapters(output / "sound.mka")] == ["One", "Two"]
    assert json.loads((output / "frames.json").read_text())["timecode"] == "01:02:03:04"


def test_sound_that_is_converted_beside_a_folder_is_told(tmp_path: Path) -> None:
    """Big-endian PCM goes into a .mov, and not into Matroska."""
    said: list[str] = []
    path = studio_film(tmp_path / "a.mov", *PRORES, "-c:a:1", "pcm_s16be")
    output = copied(path, tmp_path, {"codec": "png"}, said.append)
    with av.open(local(output / "sound.mka")) as sound:
        codecs = [each.codec_context.name for each in sound.streams.audio]
    assert codecs == ["pcm_s24le", "flac"]
    (line,) = said
    assert "the sound of stream 2, pcm_s16be, becomes FLAC" in line


def test_the_time_code_of_a_part(tmp_path: Path) -> None:
    path = studio_film(tmp_path / "a.mov", *PRORES)
    assert facts_of(copied(path, tmp_path, {}, start=0.1)).timecode == "01:02:03:07"


def test_numbers_that_drop_frame_time_codes_leave_out() -> None:
    rate = Fraction(30000, 1001)
    assert advanced("00:00:59;29", 1, rate) == "00:01:00;02"
    assert advanced("00:09:59;29", 1, rate) == "00:10:00;00"
    assert advanced("23:59:59:23", 1, Fraction(24)) == "00:00:00:00"
    assert advanced("no code", 1, rate) is None


class TestErrors:
    """What cannot be had is said before anything is painted."""

    def test_too_small_for_dnxhr(self) -> None:
        with pytest.raises(GramflowError, match=r"^encode: .*64x48.*256x120"):
            try_out(encoding(codec="dnxhd"), [(64, 48)])

    def test_no_alpha_in_422(self) -> None:
        settings = encoding(codec="prores_ks", pixel_format="yuva422p10le")
        with pytest.raises(GramflowError, match=r"^encode\.pixel_format: prores_ks cannot write"):
            try_out(settings, [(64, 48)])

    @pytest.mark.parametrize(
        ("given", "says"),
        [
            ({"codec": "libx264", "container": "gif"}, "give libwebp_anim|give gif"),
            ({"codec": "exr", "container": "mov"}, "give container: frames"),
        ],
    )
    def test_a_container_for_another_encoder(self, given: dict[str, str], says: str) -> None:
        with pytest.raises(GramflowError, match=rf"^encode\.container: .*({says})"):
            encoding(**given)

    def test_every_encoder_of_the_table_is_tried(self) -> None:
        for codec in ("libx264", "prores_ks", "ffv1", "gif", "libwebp_anim", "exr", "png"):
            try_out(encoding(codec=codec), [(64, 48)])

    def test_a_damaged_exr(self, tmp_path: Path) -> None:
        write_lights(tmp_path / "in", lights(2))
        path = tmp_path / "in/0001.exr"
        path.write_bytes(path.read_bytes()[:200])
        with pytest.raises(GramflowError, match=r"^videos\.room\.path: .*0001\.exr: no OpenEXR"):
            extracted(tmp_path / "in/*.exr", FrameStore(tmp_path / "store"), fps=24)


def test_names_are_those_from_before_the_entries_on_formats(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("clip.mp4", "red.png"):
        Path(name).write_bytes(b"x")
        os.utime(name, (10**9, 10**9))
    video: dict[str, Any] = {"path": "clip.mp4"}
    config = {
        "weights": "random",
        "videos": {"clip": video},
        "styles": {"red": {"images": ["red.png"]}},
    }
    known = "work/clip/manifest.109b628de43850c7.json"
    assert Layout(load(config)).manifest("clip") == known
    for entry in ({"alpha": True}, {"exposure": 1}, {"deinterlace": False}):
        config["videos"] = {"clip": video | entry}
        assert Layout(load(config)).manifest("clip") != known


def test_the_usual_container_is_no_setting_of_its_own() -> None:
    assert encoding(container="mp4") == encoding() == {
        "codec": "libx264", "crf": 16, "speed": "medium", "pixel_format": "yuv420p",
    }  # fmt: skip
    assert container_of(encoding(codec="libx265", container="mov")) == "mov"
    assert source_of("a.mov").alpha is False
