"""Between the colours of a source and those that are painted, where the two differ.

They differ where the source holds scene-linear light (OpenEXR), and where the config asks for
BT.709 of a film in high dynamic range or of a wide gamut.
"""

import numpy as np

from gramflow.base.arrays import Pixels
from gramflow.media.colour import is_viewed
from gramflow.media.exr import associated, straight
from gramflow.media.light import BT2020_TO_BT709, Light, light_of
from gramflow.media.pictures import deepened, to_pixels
from gramflow.media.probe import Probe
from gramflow.media.source import Source


def painted_of_light(light: Light, source: Source, alpha: bool) -> Pixels:
    """The 16-bit picture of an OpenEXR file's light.

    alpha: keep an alpha channel as the fourth. Colours are divided by it where the source keeps it;
    else they are seen as stored, which is on black.
    """
    if light.shape[2] == 4 and source.alpha:
        light = straight(light)
    seen = to_pixels(source.view.values(light[..., :3]))
    return np.dstack([seen, to_pixels(light[..., 3:])]) if alpha and light.shape[2] == 4 else seen


def painted_of_film(pixels: Pixels, source: Source, probe: Probe) -> Pixels:
    """A film's frame as `colours` of its source asks for it; an alpha channel stays as it is."""
    if not is_viewed(probe, source.colours):
        return pixels
    deep = deepened(pixels)
    light = light_of(deep[..., :3], probe.transfer)
    if probe.primaries == "bt2020":
        light = light @ BT2020_TO_BT709.T
    return np.dstack([to_pixels(source.view.values(light)), deep[..., 3:]])


def light_of_painted(pixels: Pixels, source: Source, probe: Probe) -> Light:
    """The light of a painted frame, RGB or RGBA of 16 bits, for an OpenEXR file.

    By the inverse of the view where there was one; else by the film's transfer tag.
    """
    if is_viewed(probe, source.colours):
        light = source.view.light(pixels[..., :3])
    else:
        light = light_of(pixels[..., :3], probe.transfer)
    if pixels.shape[2] == 3:
        return light
    return associated(np.dstack([light, pixels[..., 3:].astype(np.float32) / np.float32(65535)]))
