"""Who may change a job's state, and how."""

import ast
import re
from pathlib import Path

import filemill
from filemill.processing import claim, record, states, straight

SOURCE = Path(filemill.__file__).parent


def test_only_record_and_the_two_quick_ways_of_a_job_write_a_state():
    writers = sorted(str(path.relative_to(SOURCE)) for path in SOURCE.rglob("*.py") if _writes_state(path))

    assert writers == ["processing/claim.py", "processing/record.py", "processing/straight.py"]


def test_statements_by_hand_make_a_move_with_its_guard():
    for module, move in ((claim, states.START), (straight, states.SUCCEED)):
        statements = [
            part for each in _strings(module) for part in re.split("(?=UPDATE processing_job (?:j )?SET)", each)[1:]
        ]
        assert len(statements) == 2  # one for each database
        for statement in statements:
            assert move.made in statement
            assert re.search(rf"WHERE (j.)?id = .*\((next.)?{move.guard}\)", statement)


def _strings(module) -> list[str]:
    found = [each if isinstance(each, tuple) else (each,) for each in vars(module).values()]
    return [each for several in found for each in several if isinstance(each, str)]


def test_every_move_of_the_table_is_made_by_record():
    source = Path(record.__file__).read_text()

    for name, move in vars(states).items():
        if isinstance(move, states.Move):
            assert f"states.{name}" in source


def _writes_state(path: Path) -> bool:
    """Say whether a module updates `state`, or saves a file's `status`, in any row, or writes the rows by hand."""
    if "/migrations/" not in str(path) and re.search(
        "(UPDATE|INSERT INTO) (processing_job|files_file)", path.read_text()
    ):
        return True
    for node in ast.walk(ast.parse(path.read_text())):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "update"
            and any(keyword.arg in {"state", "status", "processed"} for keyword in node.keywords)
        ):
            return True
        if isinstance(node, ast.Assign):
            targets = [target for target in node.targets if isinstance(target, ast.Attribute)]
            if any(target.attr in {"state", "status", "processed"} and _is_row(target) for target in targets):
                return True
    return False


def _is_row(target: ast.Attribute) -> bool:
    return isinstance(target.value, ast.Name) and target.value.id in {"file", "job"}
