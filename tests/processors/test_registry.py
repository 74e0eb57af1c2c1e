from importlib.metadata import EntryPoint, EntryPoints

import pytest

from filemill.processors import registry
from filemill.processors.base import Limits, Processor, Result
from filemill.processors.binary import BinaryProcessor
from filemill.processors.image import ImageProcessor
from filemill.processors.text import TextProcessor


class Stranger(Processor):
    """A plugin from another package."""

    name = "stranger"
    accepts = ("image/*", "application/*+json")

    def process(self, source, workspace):
        return Result()


class Nameless(Processor):
    """A plugin whose author forgot its name."""

    accepts = ("image/*",)

    def process(self, source, workspace):
        return Result()


class Unfinished(Processor):
    """A plugin that does nothing yet."""

    name = "unfinished"
    accepts = ("image/*",)


class TakesNumbers(Stranger):
    """A plugin whose patterns are none."""

    accepts = (5,)


class Boundless(Stranger):
    """A plugin whose author wanted no limits."""

    limits = None


class Worded(Stranger):
    """A plugin that spells its limits out."""

    limits = Limits(memory_bytes="much")


class Halved(Stranger):
    """A plugin that wants half a second of CPU time, which no kernel counts."""

    limits = Limits(cpu_seconds=0.5)


class Undecided(Stranger):
    """A plugin with a wall time that is neither long nor short."""

    limits = Limits(wall_seconds=float("nan"))


class Beyond(Stranger):
    """A plugin that wants more than any machine has."""

    limits = Limits(output_bytes=2**64)


class Twin(Stranger):
    """A plugin that takes another's name."""


NOT_A_PROCESSOR = "words"


@pytest.fixture
def install(monkeypatch):
    """Put plugins behind the entry points, beside the fallback."""

    def put(*targets):
        found = EntryPoints(EntryPoint(target.rpartition(".")[2], target, "filemill.processors") for target in targets)
        monkeypatch.setattr(registry, "entry_points", lambda group: found.select(group=group))
        registry.processors.cache_clear()

    yield put
    monkeypatch.undo()
    registry.processors.cache_clear()


def here(name):
    return f"{__name__}:{name}"


BINARY = "filemill.processors.binary:BinaryProcessor"


@pytest.fixture(autouse=True)
def importable(monkeypatch, request):
    monkeypatch.setitem(__import__("sys").modules, __name__, request.module)


def test_our_own_processors_come_through_the_entry_points():
    known = registry.processors()
    assert {"image": ImageProcessor, "text": TextProcessor, "binary": BinaryProcessor}.items() <= known.items()


@pytest.mark.parametrize(
    ("media_type", "names"),
    [
        ("image/jpeg", ["image"]),
        ("image/emf", ["image"]),
        ("image/svg+xml", ["image", "text"]),
        ("text/plain", ["text"]),
        ("Text/HTML; charset=utf-8", ["text"]),
        ("application/geo+json", ["text"]),
        ("application/json", ["text"]),
        ("application/x-never-heard-of", ["binary"]),
        ("application/pdf", ["pdf"]),
        ("application/x-empty", ["binary"]),
        ("image/x-never-heard-of", ["binary"]),
        ("", ["binary"]),
    ],
)
def test_the_media_type_chooses_the_processors_and_binary_is_only_the_fallback(media_type, names):
    ours = {"image", "pdf", "text", "binary"}
    assert [processor.name for processor in registry.planned_for(media_type) if processor.name in ours] == names


def test_all_processors_that_accept_a_type_are_planned(install):
    install("filemill.processors.image:ImageProcessor", BINARY, here("Stranger"))
    assert {processor.name for processor in registry.planned_for("image/png")} == {"image", "stranger"}
    assert [processor.name for processor in registry.planned_for("application/ld+json")] == ["stranger"]


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        ("filemill.processors.nowhere:Nothing", "cannot be loaded"),
        (here("Missing"), "cannot be loaded"),
        (here("NOT_A_PROCESSOR"), "no subclass of Processor"),
        (here("Unfinished"), "no method `process`"),
        (here("Nameless"), "needs a `name`"),
        (here("TakesNumbers"), "has to be a string"),
        (here("Boundless"), "its `limits`"),
        (here("Worded"), "its `limits`"),
        (here("Halved"), "its `limits`"),
        (here("Undecided"), "its `limits`"),
        (here("Beyond"), "its `limits`"),
    ],
)
def test_a_broken_plugin_is_reported_and_does_not_stop_the_others(install, caplog, broken, fault):
    install(broken, BINARY, here("Stranger"))
    assert set(registry.processors()) == {"binary", "stranger"}
    assert broken in caplog.text
    assert fault in caplog.text


def test_a_name_is_given_once(install, caplog):
    install(BINARY, here("Stranger"), here("Twin"))
    assert registry.processors()["stranger"] is Stranger
    assert "the name 'stranger' is taken" in caplog.text


def test_a_plugin_needs_to_say_nothing_about_missing_programs_or_tables():
    assert Stranger.missing() == []
    assert Stranger.warm() is None


class Speechless(Stranger):
    """A plugin that falls over when it is asked what it lacks."""

    name = "speechless"

    @classmethod
    def missing(cls):
        raise OSError("no such file")


def test_a_plugin_that_cannot_say_what_it_lacks_is_planned_for_nothing(install, caplog):
    install(BINARY, here("Stranger"), here("Speechless"))

    assert registry.planned_for("image/jpeg") == [Stranger]
    assert registry.lacks(Speechless) == ("an answer: its `missing` raised OSError.",)
    assert "'speechless'" in caplog.text


def test_a_class_that_another_module_hands_on_is_of_the_package_it_comes_in(monkeypatch, tmp_path):
    info, package = tmp_path / "handed_on-2.5.dist-info", tmp_path / "handed_on"
    for folder in (info, package):
        folder.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: handed-on\nVersion: 2.5\n")
    (info / "entry_points.txt").write_text("[filemill.processors]\nhanded = handed_on:Handed\n")
    (package / "__init__.py").write_text("from handed_on.inner import Handed\n")
    (package / "inner.py").write_text(
        "from filemill.processors.binary import BinaryProcessor\n\n"
        "class Handed(BinaryProcessor):\n    name = 'handed'\n    accepts = ('a/b',)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    registry.processors.cache_clear()
    handed = registry.processors()["handed"]
    registry.processors.cache_clear()

    assert registry.versions_behind(handed) == {"handed-on": "2.5"}
