"""Whatever happens to one check of the doctor's, the others are made."""

import pytest

from filemill.cli.doctor import host, service
from filemill.cli.doctor.examine import examine
from filemill.cli.doctor.finding import State


@pytest.fixture
def impatient(monkeypatch, configure):
    """Wait for no worker, where none runs."""
    monkeypatch.setattr(service, "WORKER_PATIENCE_SECONDS", 0)
    configure(sweep_seconds=-2.5)


def test_a_check_that_fails_by_a_fault_of_a_plugin_is_a_finding_and_hinders_no_other(
    transactional_db, monkeypatch, impatient
):
    def fail():
        raise TypeError("unorderable: str, int\nand more")

    monkeypatch.setattr(host, "limits_are_granted", fail)
    findings = dict(examine(fix=False))
    assert findings["limits of the host"].state == State.UNKNOWN
    assert findings["limits of the host"].detail == "it could not be looked at: TypeError: unorderable: str, int"
    assert list(findings)[-1] == "names in the storage"
