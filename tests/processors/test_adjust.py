"""What the operator sets of processors."""

from dataclasses import dataclass
from typing import ClassVar

import pytest

from filemill.processors import registry
from filemill.processors.adjust import adjust
from filemill.processors.base import Limits, Processor, Result, bound


@dataclass(frozen=True)
class StoneBounds:
    stones: int = bound(3, "stones that are ground")
    ratio: float = bound(0.5, "of them that are large")


@pytest.fixture
def mill(monkeypatch):
    class Mill(Processor):
        name = "mill"
        accepts = ("text/*",)
        limits: ClassVar[Limits] = Limits(wall_seconds=10)
        bounds = StoneBounds()

        def process(self, source, workspace):
            return Result()

    monkeypatch.setitem(registry.processors(), "mill", Mill)
    return Mill


def test_limits_and_bounds_are_set_by_their_names(mill):
    adjust(["mill.stones=8", " mill.ratio = 0.25", "mill.wall_seconds=20.5", "mill.cpu_seconds=7"])

    assert mill.bounds == StoneBounds(8, 0.25)
    assert mill.limits == Limits(wall_seconds=20.5, cpu_seconds=7)
    assert Limits() == Processor.limits


@pytest.mark.parametrize(
    ("setting", "complaint"),
    [
        ("oven.stones=8", "there is no processor `oven`, only .*mill"),
        ("mill.flour=8", "of `mill` one can set wall_seconds, .*, stones, ratio"),
        ("mill", "of `mill` one can set"),
        ("binary.stones=8", "of `binary` one can set wall_seconds, cpu_seconds, memory_bytes, output_bytes$"),
        ("mill.stones", "a whole number"),
        ("mill.stones=8.5", "a whole number"),
        ("mill.ratio=half", "there is to be a number"),
        ("mill.stones=0", "above 0"),
        ("mill.stones=-1", "above 0"),
        ("mill.ratio=nan", "above 0"),
        ("mill.ratio=inf", "not a huge one"),
        (f"mill.stones={2**60}", "not a huge one"),
    ],
)
def test_what_there_is_not_is_named_and_changes_nothing(mill, setting, complaint):
    with pytest.raises(ValueError, match=complaint):
        adjust([setting])
    assert (mill.bounds, mill.limits) == (StoneBounds(), Limits(wall_seconds=10))
