"""In which order a video's frames are painted, and what each of them goes on from.

A shot's keyframes, the first frames of its segments, are a chain of their own. Between them the
segments are independent of each other: each starts from its keyframe and is led into the next.
Further passes go over a segment backwards and forwards again; keyframes stay as they are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, zip_longest

from gramflow.film.manifest import Manifest, Segment

LEAD = 16
"""The most frames over which a segment is led into the next keyframe."""


@dataclass(frozen=True)
class Step:
    """A frame in its chain.

    neighbours: frames painted before it, by how many steps back they are.
    lead: the keyframe ahead that it is led into; None where that is far, or where there is none.
    left: steps to there.
    """

    number: int
    neighbours: dict[int, int]
    lead: int | None = None
    left: int = 0

    @property
    def share(self) -> float:
        """Of the way to the lead, how much this step goes.

        What is left of the difference falls with the square of the steps left, to nothing beside
        the keyframe: by equal steps the last one showed, since painting goes back a little.
        """
        return 2 / (self.left + 1)


@dataclass(frozen=True)
class Chain:
    """Frames that are painted one after the other.

    stage: 0 for keyframes, else the pass. numbers: the frames, falling in a backward pass.
    anchor, lead: the keyframes it begins and ends beside, which other chains paint.
    """

    stage: int
    numbers: range
    anchor: int | None = None
    lead: int | None = None

    def steps(self, backs: list[int]) -> Iterator[Step]:
        """The steps in order; `backs`: how many steps back the neighbours are that are needed."""
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
    """What one job paints: chains in order, and the frames its record tells of.

    name: its place in file names, such as keyframes/000000-000412 or pass1/000050-000099.
    needs: the names of the parts that have to be painted before.
    """

    name: str
    frames: range
    chains: tuple[Chain, ...]
    needs: tuple[str, ...] = ()

    @property
    def stage(self) -> int:
        """The stage of its frames when it is done."""
        return self.chains[-1].stage

    @property
    def places(self) -> list[tuple[int, int]]:
        """Stage and frame of every picture it paints, in order."""
        return [(run.stage, number) for run in self.chains for number in run.numbers]


def parts_alone(manifest: Manifest, length: int) -> Iterator[Part]:
    """The parts of a film whose frames do not need each other."""
    for segment in chain.from_iterable(manifest.segments(length)):
        yield Part(_pass_name(1, segment), segment.frames, (Chain(1, segment.frames),))


def parts_chained(manifest: Manifest, length: int, passes: int) -> Iterator[Part]:
    """The parts of a film whose frames go on from each other; each after those that it needs."""
    for segments in manifest.segments(length):
        numbers = range(segments[0].first, segments[-1].first + 1, length)
        keyframes = (Chain(0, numbers),)
        shot = Part(f"keyframes/{Segment(numbers[0], segments[-1].last).name}", numbers, keyframes)
        if len(segments) > 1:
            yield shot
        for segment, following in zip_longest(segments, numbers[1:]):
            # a shot of one segment is one job
            chains, needs = ((), (shot.name,)) if len(segments) > 1 else (keyframes, ())
            for stage in range(1, passes + 1):
                name = _pass_name(stage, segment)
                over = _pass(stage, segment, following)
                yield Part(name, segment.frames, (*chains, over), needs)
                chains, needs = (), (name,)


def _pass_name(stage: int, segment: Segment) -> str:
    """The name of the part that is one pass over a segment."""
    return f"pass{stage}/{segment.name}"


def _pass(stage: int, segment: Segment, following: int | None) -> Chain:
    """One pass over a segment, forwards if its number is odd; `following` is the next keyframe."""
    first, last = segment.first, segment.last
    if stage % 2:
        return Chain(stage, range(first + 1, last + 1), first, following)
    return Chain(stage, range(last, first, -1), following, first)
