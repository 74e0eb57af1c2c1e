"""A plugin whose files say how it shall behave."""

import json

import filemill_evil
import filemill_honest
import filemill_hostile

from filemill.processors.base import Processor, Result, Source, Workspace


class Trial(Processor):
    name = "trial"
    accepts = ("application/x-trial",)

    def process(self, source: Source, workspace: Workspace) -> Result:
        wish = json.loads(source.path.read_text())
        behaviours = vars(filemill_honest) | vars(filemill_hostile) | vars(filemill_evil)
        return behaviours[wish["do"]](workspace, wish["with"]) or Result()


class LargeTrial(Trial):
    name = "large-trial"
    large = True
