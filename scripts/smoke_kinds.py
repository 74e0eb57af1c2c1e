"""Prints, as a tar, a small file of each family that a library reads; docker-smoke runs it in the image.

It stands beside the modules of tests/processors then, which make the files in code.
"""

import io
import sys
import tarfile

import archives
import papers
import pdfs
import pictures
import recordings
import tables

MAIL = b"From: anna@example.org\r\nTo: boris@example.org\r\nSubject: Flour\r\n\r\nThe mill is running.\r\n"
KINDS = {
    "archive.zip": archives.zipped(),
    "archive.7z": archives.written("7zip"),
    "document.docx": papers.docx(),
    "mail.eml": MAIL,
    "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="4" height="3"/>',
    "film.mp4": recordings.film(),
    "page.pdf": pdfs.pages(),
    "picture.heic": pictures.HEIC,
    "song.mp3": recordings.recording("mp3", "mp3"),
    "table.csv": b"mill,grain\nnorth,rye\nsouth,oats\n",
    "table.xlsx": tables.xlsx({"Mills": tables.rows_of(("mill", "sacks"), ("north", 3))}),
}

with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as tar:
    for name, content in KINDS.items():
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
