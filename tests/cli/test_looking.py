"""Commands that look at a service make none where there is none."""

import pytest
from click.testing import CliRunner
from django.db import connection

from filemill.cli.main import main

LOOKING = [["doctor"], ["verify"], ["backup", "copy"], ["token", "list"], ["hold", "60"]]


@pytest.fixture(autouse=True)
def set_up(monkeypatch) -> None:
    monkeypatch.setattr("filemill.cli.services.set_up", lambda: None)


@pytest.mark.parametrize("command", LOOKING, ids=" ".join)
def test_where_there_is_no_service_none_is_made(command, tmp_path, monkeypatch):
    monkeypatch.setenv("FILEMILL_DATA_DIR", str(tmp_path / "nothing"))

    done = CliRunner().invoke(main, command)

    assert done.exit_code == 2
    assert f"There is no Filemill in {tmp_path}/nothing" in done.stderr
    assert "FILEMILL_DATA_DIR" in done.stderr
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("command", LOOKING[:-1], ids=" ".join)
def test_where_the_database_was_never_migrated_none_is_made(command, db, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if connection.vendor == "sqlite":
        monkeypatch.setitem(connection.settings_dict, "NAME", str(tmp_path / "none.sqlite3"))
    else:
        monkeypatch.setattr(connection.introspection, "table_names", list)

    done = CliRunner().invoke(main, command)

    assert done.exit_code == 2
    assert "There is no Filemill in the database" in done.stderr
    assert list(tmp_path.glob("*copy*")) + list(tmp_path.glob("none*")) == []


@pytest.mark.parametrize("command", ["serve", "doctor"])
def test_asking_for_help_makes_no_service(command, tmp_path, monkeypatch):
    monkeypatch.setenv("FILEMILL_DATA_DIR", str(tmp_path / "nothing"))

    CliRunner().invoke(main, [command, "--help"])

    assert not (tmp_path / "nothing").exists()


def test_the_list_of_commands_has_whole_sentences():
    listed = CliRunner().invoke(main, ["--help"], terminal_width=80).stdout.split("Commands:")[1]

    assert [line for line in listed.strip().splitlines() if not line.endswith(".") or line.endswith("...")] == []
