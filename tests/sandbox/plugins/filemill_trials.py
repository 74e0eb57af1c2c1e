"""A plugin whose files say how it shall behave."""

import json
from dataclasses import asdict, dataclass

import filemill_evil
import filemill_honest
import filemill_hostile

from filemill.processors.base import Processor, Result, Source, Workspace, bound


@dataclass(frozen=True)
class TrialBounds:
    stones: int = bound(3, "stones that are ground")


class Trial(Processor):
    name = "trial"
    accepts = ("application/x-trial",)
    bounds = TrialBounds()

    def process(self, source: Source, workspace: Workspace) -> Result:
        wish = json.loads(source.path.read_text())
        if wish["do"] == "tell_bounds":
            return Result(facts=asdict(self.bounds))
        behaviours = vars(filemill_honest) | vars(filemill_hostile) | vars(filemill_evil)
        return behaviours[wish["do"]](workspace, wish["with"]) or Result()


class LargeTrial(Trial):
    name = "large-trial"
    large = True
