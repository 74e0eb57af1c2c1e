"""The tutorial, followed to the letter by somebody with an environment of their own."""

import json
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

BLOCK = re.compile(r"(?:`(\w+\.\w+)`[^\n]*:\n\n|\n)```(\w+)\n(.*?)```", re.DOTALL)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A virtual environment that sees all that is installed here."""
    home = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
    packages = home / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    here = sysconfig.get_path("purelib")
    (packages / "all.pth").write_text(f"import site; site.addsitedir({here!r})\n")
    script = home / "bin" / "filemill"
    script.write_text(f"#!{home}/bin/python\nfrom filemill.cli.main import main\nmain()\n")
    script.chmod(0o755)
    return {"PATH": f"{home}/bin:/usr/bin:/bin", "HOME": str(tmp_path)}


def test_whoever_follows_the_tutorial_gets_what_it_shows(root: Path, tmp_path: Path, environment: dict[str, str]):
    package = tmp_path / "package"
    package.mkdir()
    printed = ""
    for name, language, block in BLOCK.findall((root / "docs" / "tutorial.md").read_text()):
        if name:
            (package / name).write_text(block)
        elif language == "sh":
            for line in block.splitlines():
                if line.startswith("filemill processor") or "pip install" in line:
                    printed += run(line, package, environment)
        elif language == "json":
            assert json.loads(block) == json.loads(printed[printed.index("{") :])["processors"][0]["facts"]
        elif "conformance" in block:
            (package / "test_gpx.py").write_text(block)

    assert re.search(r"^gpx +1 +quick", printed, re.MULTILINE)
    assert "gpx keeps the contract, on 1 samples" in printed
    assert json.loads((package / "made" / "gpx-profile").read_text()) == [34.5, 35.0, 36.5]
    run("python -m pytest -q -p no:cacheprovider --rootdir=. test_gpx.py", package, environment)


def run(line: str, folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(line.split(), cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}"
    return done.stdout
