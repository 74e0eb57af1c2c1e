"""Families whose libraries are extras: what is not installed is named, and everything else goes on."""

import pytest
from django.core.checks import run_checks

from filemill.processors import extras, registry
from filemill.processors.base import Processor, Result


class Rare(Processor):
    """Needs what nobody has."""

    name = "rare"
    accepts = ("text/plain",)

    @classmethod
    def missing(cls):
        return extras.lacking(["json", "no_such_mill", "no_such_stone"], extra="mills")

    def process(self, source, workspace):
        return Result()


@pytest.fixture
def rare(monkeypatch):
    monkeypatch.setitem(registry.processors(), "rare", Rare)
    yield
    registry.lacks.cache_clear()


WORDS = "no_such_mill and no_such_stone, not installed here. Run: pip install 'filemill[mills]'"


def test_what_is_there_lacks_nothing():
    assert extras.lacking(["json", "django"], extra="mills") == []


def test_what_lacks_is_told_by_a_system_check_with_the_command_that_installs_it(rare):
    assert f"The processor `rare` lacks: {WORDS}" in [found.msg for found in run_checks() if found.id == "filemill.W001"]


def test_what_lacks_is_shown_in_the_catalogue(rare, client, db):
    (shown,) = [each for each in client.get("/processors/").json() if each["name"] == "rare"]
    assert shown["missing"] == [WORDS]


def test_a_processor_that_lacks_something_is_planned_for_no_file(rare):
    assert [each.name for each in registry.planned_for("text/plain")] == ["text"]
    assert [each.name for each in registry.planned_for("application/x-rare")] == ["binary"]
