"""Prints, as JSON, how fast a PDF of 600 pages is read, and how fast with PDFium alone.

.venv/bin/python bench/kinds_pdf.py [ROUNDS]     9 rounds unless told otherwise

Alone means what a script of a few lines would do with pypdfium2: open, count the pages, take the text of each, write
it to a file, draw page 1 so that its longer side has 1,024 pixels and again with 256. It encodes no picture, draws no
row of pages and finds no facts. The processor does all of that, in the same process, called as in a sandbox child. Both
run in turns, each time in a new process, which measures CPU time from after the imports to the end.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import spread

PAGES = 600
LINES, WORDS_OF_LINE = 45, 12
ROUNDS = 9
WAYS = ("alone", "filemill")


def main() -> None:
    """Measure both in turns."""
    if len(sys.argv) == 4:
        print(json.dumps(_measured(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))))
        return
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory(prefix="filemill-pdf-") as folder:
        path = Path(folder) / "pages.pdf"
        path.write_bytes(_document())
        taken: dict[str, list[float]] = {way: [] for way in WAYS}
        for turn in range(rounds):
            for way in WAYS if turn % 2 else reversed(WAYS):
                taken[way].append(_run(way, path, Path(folder)))
    found = {way: {"pages_per_cpu_s": spread(PAGES / each for each in values)} for way, values in taken.items()}
    print(json.dumps({"pdf": found}))


def _run(way: str, path: Path, folder: Path) -> float:
    command = [sys.executable, __file__, way, str(path), str(folder)]
    found = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, env=os.environ).stdout)
    if (found["pages"], found["words"]) != (PAGES, PAGES * LINES * WORDS_OF_LINE):
        sys.exit(f"{way} read something else: {found}")
    seconds: float = found["seconds"]
    return seconds


def _measured(way: str, path: Path, folder: Path) -> dict[str, float]:
    with tempfile.TemporaryDirectory(dir=folder) as workspace:
        pages, seconds = (_alone if way == "alone" else _processed)(path, Path(workspace))
        words = len((Path(workspace) / "text.txt").read_text().split())
    return {"pages": pages, "words": words, "seconds": seconds}


def _alone(path: Path, workspace: Path) -> tuple[int, float]:
    import PIL.Image  # noqa: F401 -- else it is loaded while the clock runs
    import pypdfium2

    began = time.process_time()
    with pypdfium2.PdfDocument(path) as document:
        texts = []
        for number in range(len(document)):
            page = document[number]
            text = page.get_textpage()
            texts.append(text.get_text_bounded())
            text.close()
            page.close()
        (workspace / "text.txt").write_text("\f".join(texts))
        page = document[0]
        for edge in (1024, 256):
            page.render(scale=edge / max(page.get_size())).to_pil().load()
        page.close()
        return len(document), time.process_time() - began


def _processed(path: Path, workspace: Path) -> tuple[int, float]:
    from filemill.processors.base import Source, Workspace
    from filemill.processors.pdf import reading
    from filemill.processors.pdf.bounds import Bounds

    source = Source(path, path.name, "application/pdf", path.stat().st_size)
    began = time.process_time()
    result = reading.read(source, Workspace(workspace, lambda _fraction, _words: None), Bounds())
    return result.facts["pages"], time.process_time() - began


def _document() -> bytes:
    """Write the document by hand: a heading, lines of words and a ruled box on each page."""
    chance = random.Random(600)
    words = ["".join(chance.choices("abcdefghilmnoprstu", k=chance.randint(2, 9))) for _ in range(4000)]
    kids = b" ".join(b"%d 0 R" % (4 + 2 * page) for page in range(PAGES))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count %d/MediaBox[0 0 595 842]/Resources<</Font<</F 3 0 R>>>>/Kids[%b]>>" % (PAGES, kids),
        b"<</Type/Font/Subtype/Type1/BaseFont/Times-Roman>>",
    ]
    for page in range(PAGES):
        lines = (" ".join(chance.choices(words, k=WORDS_OF_LINE)) for _ in range(LINES))
        shown = "".join(f"({line}) Tj T*\n" for line in lines)
        content = f"40 40 515 762 re S\nBT /F 11 Tf 16 TL 50 780 Td\n{shown}ET".encode()
        objects.append(b"<</Type/Page/Parent 2 0 R/Contents %d 0 R>>" % (5 + 2 * page))
        objects.append(b"<</Length %d>>stream\n%b\nendstream" % (len(content), content))
    return _with_table(objects)


def _with_table(objects: list[bytes]) -> bytes:
    raw, places = bytearray(b"%PDF-1.7\n"), []
    for number, content in enumerate(objects, 1):
        places.append(len(raw))
        raw += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    start = len(raw)
    raw += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    raw += b"".join(b"%010d 00000 n \n" % place for place in places)
    raw += b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(raw)


if __name__ == "__main__":
    main()
