"""The pages quote figures that were measured, and what they say of them follows from them."""

import json
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def bench(root: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Lend the module that writes the pages; it is no part of the package."""
    monkeypatch.syspath_prepend(root / "bench")
    import render

    return render


@pytest.fixture
def results(root: Path) -> dict:
    return json.loads((root / "bench/results.json").read_text())


@pytest.mark.parametrize("name", ["performance", "scaling"])
@pytest.mark.parametrize(("language", "folder"), [("en", "docs"), ("ru", "docs/ru")])
def test_a_page_with_figures_is_that_of_the_last_bench(root, bench, results, name, language, folder):
    page = (root / folder / f"{name}.md").read_text()

    assert page == bench.text_of(f"{name}.{language}.md", results), 'run `make bench ARGS="--write"`'


def test_each_aim_is_judged_by_the_figures_of_the_last_bench(bench, results):
    rows = [row.strip("| ").split(" | ") for row in bench.goals.table(results, is_russian=False).splitlines()[2:]]

    assert len(rows) == len(bench.goals.GOALS), "each aim was measured"
    assert {row[-1] for row in rows} <= {"yes", "no"}


@pytest.mark.parametrize(("cpu", "said"), [(2.5, "yes"), (2.51, "no")])
def test_an_aim_is_reached_up_to_its_bound(bench, results, cpu, said):
    web = {"web_cpu_ms": {"median": cpu}}
    changed = results | {"production": {"turn_form": web, "plain_form": {"web_cpu_ms": {"median": 1.0}}}}
    row = bench.goals.table(changed, is_russian=False).splitlines()[2]

    assert "at most 2.5 x" in row
    assert row.endswith(f"| {said} |")
