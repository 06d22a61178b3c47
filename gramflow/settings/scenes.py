"""Checks and normalises what a look says of regions and of changes over time."""

from collections.abc import Iterator, Mapping, Sequence

from gramflow.settings.schema import Entry, Values, refused, remedy, seconds

OWN = "own"
"""In a look's shares of styles, the name of the render's own style."""

_PLACES = ("at", "frame", "shot")


def resolved_regions(regions: Mapping[str, Values], entry: Entry) -> dict[str, Values]:
    """The regions of a look, each style as shares by name. Raises GramflowError."""
    return {
        name: {
            "style": _mixture(region["style"], (*entry, name, "style")),
            "intensity": region["intensity"],
        }
        for name, region in regions.items()
    }


def resolved_timeline(
    timeline: Sequence[Values], regions: Mapping[str, Values], entry: Entry
) -> list[Values]:
    """The entries of a look's timeline, reduced to what they set.

    regions: those of the look. Raises GramflowError for an entry without a place or with several,
    for one of an unknown region, and for entries of one kind of place that are out of order.
    """
    found: list[Values] = []
    latest: dict[str, float] = {}
    for number, given in enumerate(timeline):
        at = (*entry, number)
        places = [name for name in _PLACES if given[name] is not None]
        if len(places) != 1:
            raise refused(at, "gives no single place in time; give at, frame or shot")
        (place,) = places
        where = seconds(given[place])
        if where is None or where < latest.get(place, 0):
            raise refused((*at, place), f"{given[place]} is before the entry above; sort them")
        latest[place] = where
        for name in given["regions"]:
            if name not in regions:
                text = f"the look has no region {name!r}; {remedy(name, regions)}"
                raise refused((*at, "regions", name), text)
        found.append({place: where, "ease": given["ease"], **_set(given, at)})
    return found


def _set(given: Values, entry: Entry) -> Values:
    """What an entry of a timeline sets: intensity, style and regions, without those left alone."""
    regions = {
        name: _set(region | {"regions": {}}, (*entry, "regions", name))
        for name, region in given["regions"].items()
    }
    style = _mixture(given["style"], (*entry, "style"))
    found = {"intensity": given["intensity"], "style": style, "regions": regions or None}
    return {name: value for name, value in found.items() if value is not None}


def asks_intensity(
    intensity: float | None, regions: Mapping[str, Values], timeline: Sequence[Values]
) -> bool:
    """Whether any intensity is set but 0, of which nothing is painted."""
    return intensity not in (None, 0) or any(
        asks_intensity(values.get("intensity"), values.get("regions", {}), [])
        for values in (*regions.values(), *timeline)
    )


def _mixture(style: str | Mapping[str, float] | None, entry: Entry) -> dict[str, float] | None:
    """Shares of styles, which sum to 1; styles of share 0 are left out."""
    if style is None:
        return None
    shares = {style: 1.0} if isinstance(style, str) else dict(style)
    total = sum(shares.values())
    if not total:
        raise refused(entry, "no style has a share above 0; give one")
    return {name: share / total for name, share in shares.items() if share}


def styles_named(
    regions: Mapping[str, Values], timeline: Sequence[Values], entry: Entry = ()
) -> Iterator[tuple[Entry, str]]:
    """Yield the config entry and name of every style in resolved regions and timelines.

    entry: of the look.
    """
    for mask, region in regions.items():
        for name in region.get("style") or {}:
            yield (*entry, "regions", mask, "style"), name
    for number, values in enumerate(timeline):
        at = (*entry, "timeline", number)
        for name in values.get("style", {}):
            yield (*at, "style"), name
        yield from styles_named(values.get("regions", {}), [], at)
