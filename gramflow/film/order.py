"""The order in which a video's frames are painted, and which painted frames each starts from.

A shot's keyframes (the first frames of its segments) are a chain of their own. Once they are
painted, segments are independent of each other: each starts from its own keyframe, and is blended
into the next one over its last frames. Passes after the first go over a segment backwards and
forwards in turn; keyframes stay as they are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, zip_longest

from gramflow.film.manifest import Manifest, Segment

LEAD = 16
"""Maximum number of frames over which a segment is blended into the next keyframe."""


@dataclass(frozen=True)
class Step:
    """One frame of a chain, and the painted frames that it starts from.

    number: the frame's number in the video.
    neighbours: numbers of frames before it in the chain, by distance in steps.
    lead: number of the keyframe ahead, which this frame is blended into. None if there is none or
        it is more than LEAD steps away, and for a frame without neighbours.
    left: steps from this frame to `lead`, 1 for the last frame before it; 0 without one.
    """

    number: int
    neighbours: dict[int, int]
    lead: int | None = None
    left: int = 0

    @property
    def share(self) -> float:
        """Fraction of the remaining difference to `lead` that this frame closes.

        The remaining difference falls with the square of the steps left, and is 0 at the last
        frame. Equal steps left a visible jump there, since painting a frame undoes a little of the
        blend.
        """
        return 2 / (self.left + 1)


@dataclass(frozen=True)
class Chain:
    """Frames that are painted one after the other.

    stage: 0 for keyframes, else the number of the pass.
    numbers: the frames in order of painting, descending in a backward pass.
    anchor, lead: the keyframes beside the first and the last of `numbers`, which other chains
        paint; None where there is none.
    """

    stage: int
    numbers: range
    anchor: int | None = None
    lead: int | None = None

    def steps(self, backs: list[int]) -> Iterator[Step]:
        """Yield the steps in order.

        backs: distances, in steps back along the chain, of the neighbours that a frame needs. Those
            that lie before the chain's start are left out; the anchor counts as its start.
        """
        path = [*([] if self.anchor is None else [self.anchor]), *self.numbers]
        offset = len(path) - len(self.numbers)
        for place, number in enumerate(self.numbers, offset):
            neighbours = {back: path[place - back] for back in backs if back <= place}
            left = len(path) - place
            if self.lead is None or not neighbours or left > LEAD:
                yield Step(number, neighbours)
            else:
                yield Step(number, neighbours, self.lead, left)


@dataclass(frozen=True)
class Part:
    """What one job paints.

    name: the part's path in file names, such as keyframes/000000-000412 or pass1/000050-000099.
    frames: the frames that the job's record lists, those that only hold the one before included.
    chains: what is painted, in order.
    needs: names of the parts that must be painted before.
    """

    name: str
    frames: range
    chains: tuple[Chain, ...]
    needs: tuple[str, ...] = ()

    @property
    def stage(self) -> int:
        """Stage that the part's frames have reached when it is done: that of its last chain."""
        return self.chains[-1].stage

    @property
    def places(self) -> list[tuple[int, int]]:
        """(stage, frame) of every picture that the part paints, in order."""
        return [(run.stage, number) for run in self.chains for number in run.numbers]


def parts_alone(manifest: Manifest, length: int, hold: int) -> Iterator[Part]:
    """The parts of a video whose frames do not depend on each other: one per segment.

    length: maximum number of frames in a segment. hold: for how many frames each painted one is
        shown.
    """
    for segment in chain.from_iterable(manifest.segments(length)):
        yield Part(_pass_name(1, segment), segment.frames, (Chain(1, segment.frames[::hold]),))


def parts_chained(manifest: Manifest, length: int, passes: int, hold: int) -> Iterator[Part]:
    """The parts of a video whose frames start from painted neighbours; each after those it needs.

    length: maximum number of frames in a segment.
    passes: number of passes over each segment.
    hold: for how many frames each painted one is shown; a chain has the first frame of each hold.
    """
    for segments in manifest.segments(length):
        numbers = range(segments[0].first, segments[-1].first + 1, length)
        keyframes = (Chain(0, numbers),)
        shot = Part(f"keyframes/{Segment(numbers[0], segments[-1].last).name}", numbers, keyframes)
        if len(segments) > 1:
            yield shot
        for segment, following in zip_longest(segments, numbers[1:]):
            # in a shot of one segment, the same job paints the keyframe and the first pass
            chains, needs = ((), (shot.name,)) if len(segments) > 1 else (keyframes, ())
            for stage in range(1, passes + 1):
                name = _pass_name(stage, segment)
                over = _pass(stage, segment, following, hold)
                yield Part(name, segment.frames, (*chains, over), needs)
                chains, needs = (), (name,)


def _pass_name(stage: int, segment: Segment) -> str:
    """Name of the part that is pass number `stage` over a segment."""
    return f"pass{stage}/{segment.name}"


def _pass(stage: int, segment: Segment, following: int | None, hold: int) -> Chain:
    """Chain of one pass over a segment: forwards if its number is odd, else backwards.

    following: number of the shot's next keyframe; None for its last segment.
    """
    first, later = segment.first, segment.frames[::hold][1:]
    if stage % 2:
        return Chain(stage, later, first, following)
    return Chain(stage, later[::-1], following, first)
