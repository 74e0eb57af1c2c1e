"""What is loaded once lies in huge pages, and is what it was."""

import os
import subprocess
import sys

_PROGRAM = """
import re
from pathlib import Path
from filemill.processors import huge_pages

def in_huge_pages():
    return int(re.search(r"AnonHugePages: *(\\d+)", Path("/proc/self/smaps_rollup").read_text())[1])

objects = [bytes([each]) * 65536 for each in range(200)]
before = in_huge_pages()
huge_pages.gather(objects)
assert objects == [bytes([each]) * 65536 for each in range(200)]
print(in_huge_pages() - before)
"""


def _gathered_kib() -> int:
    done = subprocess.run([sys.executable, "-c", _PROGRAM], check=True, capture_output=True, text=True)
    return int(done.stdout)


def test_objects_that_lie_beside_each_other_are_what_they_were_and_nearly_all_of_them_in_huge_pages():
    gathered = _gathered_kib()
    if tuple(map(int, os.uname().release.split(".")[:2])) >= (6, 1):  # what is older cannot be asked for it
        assert gathered >= 200 * 64 - 2 * 2048
