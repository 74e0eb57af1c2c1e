"""Prints, as JSON, how fast a JPEG of 24 megapixels becomes two thumbnails, and how fast with sharp.

.venv/bin/python bench/kinds_image.py [ROUNDS]     5 rounds unless told otherwise

Both make the same two WebPs, 1,024 and 256 pixels, quality and method alike, from the same file, with one thread, and
decode it once. Measured is CPU time for each picture, the first one left out, in processes that take turns. The
processor also reads the facts of the picture.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import spread
from PIL import Image

from filemill.processors import thumbnails
from filemill.processors.base import Source, Workspace
from filemill.processors.image import ImageProcessor

SIZE = (6000, 4000)
ROUNDS, TIMES = 5, 4
SHARP = Path(__file__).parent / "peers" / "sharp.js"


def main() -> None:
    """Measure both in turns."""
    if len(sys.argv) == 3:
        print(json.dumps(_processed(Path(sys.argv[1]), Path(sys.argv[2]))))
        return
    if shutil.which("npm") is None:
        sys.exit("npm is missing: apt-get install npm")
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory(prefix="filemill-image-") as home:
        _install_sharp(Path(home))
        picture = Path(home) / "photo.jpg"
        _photograph().save(picture, "JPEG", quality=90)
        commands: dict[str, list[str | Path]] = {
            "sharp": ["node", SHARP, home, picture, str(TIMES)],
            "filemill": [sys.executable, __file__, picture, home],
        }
        taken: dict[str, list[float]] = {name: [] for name in commands}
        for turn in range(rounds):
            for name in commands if turn % 2 else reversed(commands):
                taken[name] += _run(commands[name])
    found = {name: {"files_per_cpu_s": spread(1000 / each for each in values)} for name, values in taken.items()}
    print(json.dumps({"image": found}))


def _run(command: list[str | Path]) -> list[float]:
    # One thread reads, decodes and encodes; node would take four for files.
    environment = os.environ | {"UV_THREADPOOL_SIZE": "1", "WEBP_METHOD": str(thumbnails.METHOD)}
    answer = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=environment).stdout
    milliseconds: list[float] = json.loads(answer)
    return milliseconds


def _install_sharp(home: Path) -> None:
    (home / "package.json").write_text("{}")
    subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent", "sharp"], cwd=home, check=True)


def _processed(picture: Path, home: Path) -> list[float]:
    source = Source(picture, picture.name, "image/jpeg", picture.stat().st_size)
    milliseconds = []
    with tempfile.TemporaryDirectory(dir=home) as folder:
        workspace = Workspace(Path(folder), lambda _fraction, _words: None)
        for _ in range(TIMES + 1):
            began = time.process_time()
            ImageProcessor().process(source, workspace)
            milliseconds.append(1000 * (time.process_time() - began))
    return milliseconds[1:]


def _photograph() -> Image.Image:
    """Make a picture with the details of a photograph: clouds of colour of every size, the finer the fainter."""
    picture = _clouds(4)
    for cells, share in ((16, 0.4), (64, 0.3), (250, 0.22), (1000, 0.12), (2000, 0.06)):
        picture = Image.blend(picture, _clouds(cells), share)
    return picture


def _clouds(cells: int) -> Image.Image:
    size = (3 * cells, 2 * cells)
    colours = random.Random(cells).randbytes(3 * size[0] * size[1])
    return Image.frombytes("RGB", size, colours).resize(SIZE, Image.Resampling.BICUBIC)


if __name__ == "__main__":
    main()
