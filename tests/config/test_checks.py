"""What the system checks say of data that no wall of the sandbox is around."""

import os
import sysconfig
from pathlib import Path

import pytest

import filemill
from filemill.cli.doctor import host
from filemill.cli.doctor.finding import State
from filemill.config.checks import the_data_is_out_of_reach

pytestmark = pytest.mark.once

LIBRARIES = Path(sysconfig.get_path("purelib"))
#: Here the code lies where Python looks for it, as in a checkout.
BESIDE_THE_CODE = Path(filemill.__file__).parent.parent


@pytest.mark.parametrize(("sandbox", "code"), [("auto", "filemill.W003"), ("strict", "filemill.E004")])
@pytest.mark.parametrize("folder", [LIBRARIES, BESIDE_THE_CODE])
def test_data_among_libraries_is_told_and_a_strict_service_does_not_start(settings, configure, folder, sandbox, code):
    configure(sandbox=sandbox)
    settings.DATA_DIR = folder / "data"
    (message,) = the_data_is_out_of_reach()
    assert message.id == code
    assert message.is_serious() == (sandbox == "strict")
    assert f"may read {folder / 'data'}: it lies in " in message.msg
    assert host.the_sandbox_has_its_walls().state == State.BREACH


def test_links_hide_no_data_and_no_secret(settings, configure, tmp_path):
    settings.DATA_DIR = tmp_path
    assert the_data_is_out_of_reach() == []
    assert host.the_sandbox_has_its_walls().state == State.OK
    (tmp_path / "secrets").symlink_to(LIBRARIES)
    assert "secrets: it lies in" in the_data_is_out_of_reach()[0].msg


def test_a_secret_elsewhere_is_looked_at_too(settings, configure, tmp_path):
    settings.DATA_DIR = tmp_path
    configure(database_password_file=os.fspath(LIBRARIES / "password"))
    assert "password: it lies in" in the_data_is_out_of_reach()[0].msg
