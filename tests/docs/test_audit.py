"""The audit of dependencies: what it lets pass, what it does not, and what it says where it cannot ask."""

import importlib.util
import json
import os
import subprocess
import sys
import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest
from packaging.version import Version
from pip_audit._format import JsonFormat
from pip_audit._service import ResolvedDependency, SkippedDependency, VulnerabilityResult

TODAY = date(2026, 5, 1)
MOST_DAYS = 180


@pytest.fixture(scope="module")
def audit(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", root / "scripts/audit.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def said(*advisories: str, skipped: str | None = None) -> list[dict]:
    """Return what pip-audit prints of one package with these advisories."""
    results = [
        VulnerabilityResult(
            id=each, description="Bad.", fix_versions=[Version("2.1")], aliases={"CVE-1"}, published=None
        )
        for each in advisories
    ]
    found = {ResolvedDependency("example", Version("2.0")): results}
    if skipped:
        found[SkippedDependency(skipped, "it is not there")] = []
    return json.loads(JsonFormat(True, True).format(found, []))["dependencies"]


def exception(name: str, until: date, package: str = "example") -> dict:
    return {"id": name, "package": package, "until": until, "why": "It is not used."}


def test_a_package_without_advisories_passes(audit):
    assert audit.judge(said(), [], TODAY) == []


def test_a_known_advisory_does_not(audit):
    assert audit.judge(said("PYSEC-1"), [], TODAY) == ["example 2.0: PYSEC-1, fixed in 2.1."]


@pytest.mark.parametrize("name", ["PYSEC-1", "CVE-1"])
def test_an_exception_holds_to_its_last_day(audit, name):
    assert audit.judge(said("PYSEC-1"), [exception(name, TODAY)], TODAY) == []
    assert audit.judge(said("PYSEC-1"), [exception(name, TODAY - timedelta(days=1))], TODAY) != []


def test_an_exception_is_for_one_package(audit):
    complaints = audit.judge(said("PYSEC-1"), [exception("PYSEC-1", TODAY, "another")], TODAY)

    assert complaints[0].startswith("example 2.0: PYSEC-1")


def test_an_exception_that_nothing_needs_has_to_go(audit):
    (complaint,) = audit.judge(said(), [exception("PYSEC-1", TODAY)], TODAY)

    assert "not needed any more" in complaint


def test_a_package_that_was_not_audited_is_named(audit):
    assert audit.judge(said(skipped="odd"), [], TODAY) == ["odd was not audited: it is not there."]


@pytest.mark.parametrize(("options", "status"), [([], 0), (["--required"], 1)])
def test_without_an_answer_it_says_loudly_that_there_was_no_audit(root, options, status):
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:1", "https_proxy": "http://127.0.0.1:1"}
    done = subprocess.run(
        [sys.executable, root / "scripts/audit.py", *options],
        env={**os.environ, **nowhere},
        capture_output=True,
        text=True,
    )

    assert "THE DEPENDENCIES WERE NOT AUDITED" in done.stderr
    assert done.returncode == status


def test_what_the_index_does_not_know_is_no_answer(audit, monkeypatch):
    skipped = [{"name": "example", "skip_reason": "it is not there"}]
    done = subprocess.CompletedProcess([], 0, json.dumps({"dependencies": skipped}), "")
    monkeypatch.setattr(audit.subprocess, "run", lambda *_args, **_options: done)

    with pytest.raises(audit.NotAnswered):
        audit.ask(audit.LOCK)


def test_every_exception_has_a_reason_and_a_day_that_is_near(root):
    today = datetime.now(UTC).date()
    for each in tomllib.loads((root / "scripts/audit.toml").read_text())["exceptions"]:
        assert each.keys() == {"id", "package", "until", "why"}
        assert today <= each["until"] <= today + timedelta(days=MOST_DAYS), each
        assert each["why"].endswith(".")
