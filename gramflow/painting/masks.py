"""Makes a mask of a video: puts its plugin together, and stores what it gives."""

import numpy as np

from gramflow.base.errors import GramflowError
from gramflow.base.progress import WARNING, Every, Say
from gramflow.engine.flows import Map
from gramflow.engine.masks import Footage, Masks, finished
from gramflow.film.manifest import Manifest
from gramflow.film.masks import Mask
from gramflow.media.footage import Along, read_fitting
from gramflow.media.probe import Probe
from gramflow.painting.frames import SourceFrames
from gramflow.settings.config import Config, marked_of_mask
from gramflow.settings.schema import dotted
from gramflow.store.frames import Writer, extracted_store, mask_store, pixels_digest


def make_mask(
    config: Config, video: str, name: str, manifest: Manifest, facts: Probe, say: Say
) -> Mask:
    """Make a video's mask, write its frames to the store, and return what lists them.

    facts: of the video. say: prints a line of progress. Raises GramflowError, naming the mask's
    entry of the config, for pictures that do not fit the video, and for a plugin that gives no
    masks.
    """
    entry = dotted(("videos", video, "masks", name))
    masks = _plugin(config, video, name, manifest, facts, say)
    store, size = mask_store(config.store), (manifest.width, manifest.height)
    keys: list[str] = []
    writer, due, is_empty = Writer(store), Every(2), True
    for found in masks.every():
        _check(found, entry)
        pixels = np.rint(finished(found, masks.settings, size) * 255).astype(np.uint8)
        is_empty &= not pixels.any()
        keys.append(pixels_digest(pixels))
        writer.write(keys[-1], pixels)
        if due:
            say(f"{video}.{name}: {len(keys)} of {len(manifest.frames)} frames")
    writer.settle()
    if len(keys) != len(manifest.frames):
        raise GramflowError(
            f"{entry}: gives {len(keys)} masks for {len(manifest.frames)} frames; correct it"
        )
    if is_empty:
        say(f"{WARNING}{entry}: is black in every frame, so that its region is empty")
    sizes = store.sizes(keys)
    return Mask(keys, [sizes[key] for key in keys])


def _plugin(
    config: Config, video: str, name: str, manifest: Manifest, facts: Probe, say: Say
) -> Masks:
    """Create the plugin of a mask."""
    pictures = {
        path: read_fitting(path, manifest, facts, dotted(entry))
        for entry, path in marked_of_mask(config, video, name, "picture")
    }
    sequences = {
        path: Along(path, manifest, facts, dotted(entry), say)
        for entry, path in marked_of_mask(config, video, name, "frames")
    }
    footage = Footage(
        entry=dotted(("videos", video, "masks", name)),
        frames=SourceFrames(extracted_store(config.store), manifest.frames),
        shots=manifest.shots,
        seconds=[manifest.shown(number) for number in range(len(manifest.frames))],
        pictures=pictures,
        sequences=sequences,
        say=say,
    )
    settings = config.videos[video]["masks"][name]
    masks: Masks = config.registry.find("masks", settings["name"]).make(settings, footage)
    return masks


def _check(mask: Map, entry: str) -> None:
    """Raise GramflowError unless a plugin's mask is one."""
    if np.ndim(mask) != 2 or not np.isfinite(mask).all():
        raise GramflowError(
            f"{entry}: its plugin gives no array (height, width) of finite values; correct it"
        )
