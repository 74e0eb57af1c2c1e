"""What SECURITY.md says is tested is tested."""

import ast
import re
from pathlib import Path

PROMISE = "## Line by line"


def rows(pages: dict[str, str]) -> list[str]:
    lines = pages["SECURITY.md"].partition(PROMISE)[2].splitlines()
    return [line for line in lines if line.startswith("| ")][2:]


def test_every_test_that_it_names_is_there(root: Path, pages: dict[str, str]):
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", pages["SECURITY.md"])
    assert len(named) > 30

    for path, function in named:
        tree = ast.parse((root / path).read_text())
        tests = {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}
        assert function in tests if function else tests, f"{path}::{function}"


def test_every_line_has_a_test_or_says_why_it_has_none(pages: dict[str, str]):
    found = rows(pages)
    assert len(found) > 30

    for row in found:
        _, _, shown, _ = row.split("|")
        assert re.match(r" (`(tests/|pyproject|make )|Not yet: |Does not apply: )", shown), row
