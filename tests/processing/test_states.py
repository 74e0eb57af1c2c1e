"""Who may change a job's state, and how."""

import ast
from pathlib import Path

import filemill
from filemill.processing import record, states

SOURCE = Path(filemill.__file__).parent


def test_only_record_writes_a_state():
    writers = [str(path.relative_to(SOURCE)) for path in SOURCE.rglob("*.py") if _writes_state(path)]

    assert writers == ["processing/record.py"]


def test_every_move_of_the_table_is_made_by_record():
    source = Path(record.__file__).read_text()

    for name, move in vars(states).items():
        if isinstance(move, states.Move):
            assert f"states.{name}" in source


def _writes_state(path: Path) -> bool:
    """Say whether a module updates `state`, or saves a file's `status`, in any row."""
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
