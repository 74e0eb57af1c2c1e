"""What a start sees to before anything else."""

import pytest

from filemill.cli.preflight import check_data_dir

pytestmark = pytest.mark.once


def test_an_empty_data_folder_that_was_made_beforehand_becomes_its_owners_alone(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("data")
    folder.chmod(0o755)
    monkeypatch.setenv("FILEMILL_DATA_DIR", str(folder))

    check_data_dir()

    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_with_something_in_it_keeps_its_mode(tmp_path, monkeypatch):
    (tmp_path / "somebody's").touch()
    tmp_path.chmod(0o755)
    monkeypatch.setenv("FILEMILL_DATA_DIR", str(tmp_path))

    check_data_dir()

    assert tmp_path.stat().st_mode & 0o777 == 0o755
