"""Asks PyPI which advisories are known about the locked packages, and ends with status 1 if any is.

.venv/bin/python scripts/audit.py               where PyPI gives no advisories, says loudly that there was no audit
.venv/bin/python scripts/audit.py --required    and there ends with status 1, too

scripts/audit.toml lists the exceptions, each until a day.
"""

import json
import subprocess
import sys
import tempfile
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements-dev.txt"  # it holds all of requirements.txt
PROBE = "django"
LOUD = """\
********************************************************************************
*** THE DEPENDENCIES WERE NOT AUDITED: {why}
*** Nothing is known here about advisories on the locked packages.
*** Run `make audit` where PyPI is reached, before anything is released.
********************************************************************************"""


class NotAnswered(Exception):
    """Why there was no audit."""


def main() -> int:
    """Audit, print, and return an exit status."""
    exceptions = tomllib.loads((ROOT / "scripts/audit.toml").read_text())["exceptions"]
    try:
        with tempfile.TemporaryDirectory() as folder:
            ask(first_of(LOCK, Path(folder)))  # where it is not known, a hundred more questions would not help
        found = ask(LOCK)
    except NotAnswered as error:
        print(LOUD.format(why=error), file=sys.stderr)
        return 1 if "--required" in sys.argv else 0
    complaints = judge(found, exceptions, datetime.now(UTC).date())
    print("\n".join(complaints) or f"No advisory is known about the {len(found)} locked packages.")
    return 1 if complaints else 0


def first_of(lock: Path, folder: Path) -> Path:
    """Write a lock file with one package of another."""
    text = lock.read_text()
    start = text.index(f"\n{PROBE}==") + 1
    one = folder / lock.name
    one.write_text(text[start : text.index("    #", start)])
    return one


def ask(lock: Path) -> list[dict[str, Any]]:
    """Return what pip-audit says of each package of a lock file; raise NotAnswered where it cannot ask."""
    options = ["--format=json", "--progress-spinner=off", "--vulnerability-service=pypi", "--disable-pip"]
    command = [sys.executable, "-m", "pip_audit", *options, "--require-hashes", f"--requirement={lock}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except ValueError:
        raise NotAnswered((done.stderr.strip().splitlines() or ["pip-audit said nothing"])[-1][:200]) from None
    if all("skip_reason" in each for each in found):
        raise NotAnswered("the index that is used here gives no advisories")
    return found


def judge(found: list[dict[str, Any]], exceptions: list[dict[str, Any]], today: date) -> list[str]:
    """Return a sentence for each advisory that no exception covers, each unaudited package and each idle exception."""
    valid = {(each["package"], each["id"]) for each in exceptions if each["until"] >= today}
    complaints, used = [], set()
    for package in found:
        if "skip_reason" in package:
            complaints.append(f"{package['name']} was not audited: {package['skip_reason']}.")
        for advisory in package.get("vulns", []):
            names = {(package["name"], name) for name in (advisory["id"], *advisory["aliases"])}
            used |= names & valid
            if not names & valid:
                fixed = ", ".join(advisory["fix_versions"]) or "no version yet"
                complaints.append(f"{package['name']} {package['version']}: {advisory['id']}, fixed in {fixed}.")
    idle = [f"{package}: the exception for {name} is not needed any more." for package, name in sorted(valid - used)]
    return complaints + idle


if __name__ == "__main__":
    sys.exit(main())
