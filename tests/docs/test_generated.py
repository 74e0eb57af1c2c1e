"""Pages that are made from the code are what the code makes now."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from filemill.config.env import Configuration
from filemill.processing.states import diagram

MADE = ["docs/settings.md", "docs/states.md", ".env.sample"]


def script(root: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, root / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", MADE)
def test_a_generated_page_is_up_to_date(root: Path, name: str):
    made = script(root, "generate_docs").pages()[name]

    assert (root / name).read_text() == made, f"{name} is out of date: run scripts/generate_docs.py"


def test_every_generated_page_is_compared(root: Path):
    assert sorted(script(root, "generate_docs").pages()) == sorted(MADE)


def test_every_variable_is_in_the_settings_and_in_the_sample(root: Path):
    settings, sample = (root / "docs/settings.md").read_text(), (root / ".env.sample").read_text()

    for field in Configuration.__dataclass_fields__.values():
        assert f"| `{field.metadata['name']}` |" in settings
        assert f"\n# {field.metadata['name']}=" in sample


def test_the_drawn_states_are_the_states_of_the_code(root: Path):
    assert f"```mermaid\n{diagram()}\n```" in (root / "docs/states.md").read_text()


def test_the_notices_name_what_the_lock_installs(root: Path):
    made = script(root, "notices").page()

    assert (root / "THIRD-PARTY-NOTICES.md").read_text() == made, "run scripts/notices.py"


def test_no_dependency_leaves_its_licence_open(root: Path):
    rows = [line for line in (root / "THIRD-PARTY-NOTICES.md").read_text().splitlines() if line.startswith("| ")]

    assert len(rows) > 60
    assert [row for row in rows if row.endswith(("|  |", "see the package |", "UNKNOWN |"))] == []


def test_the_licence_is_the_whole_apache_licence(root: Path):
    text = (root / "LICENSE").read_text()

    assert "Version 2.0, January 2004" in text
    assert all(f"   {number}. " in text for number in range(1, 10))
    assert "APPENDIX: How to apply the Apache License to your work." in text
