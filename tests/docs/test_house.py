"""Rules of the house that no linter knows."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

MOST_LINES_OF_A_MODULE = 300
MOST_LINES_OF_A_FUNCTION = 40

# Put together here, so that this file does not hold them itself.
REGISTRIES = [
    ".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("docker", "io"))
]
MACHINE_PATHS = ["/" + "/".join(parts) for parts in (("work", "main"), ("work", "shared"), ("root", ""), ("home", ""))]


def modules(root: Path) -> Iterator[tuple[str, str]]:
    for path in sorted((root / "src").rglob("*.py")):
        if "migrations" not in path.parts:
            yield str(path.relative_to(root)), path.read_text()


def test_no_module_is_longer_than_300_lines(root: Path):
    scripts = ((path.name, path.read_text()) for path in (root / "browser/src").glob("*.ts"))
    all_modules = (*modules(root), *scripts)
    long = {name: lines for name, text in all_modules if (lines := text.count("\n")) > MOST_LINES_OF_A_MODULE}

    assert long == {}


def test_no_function_is_longer_than_40_lines(root: Path):
    long = {}
    for name, text in modules(root):
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = node.end_lineno - node.lineno + 1
                if lines > MOST_LINES_OF_A_FUNCTION:
                    long[f"{name}: {node.name}"] = lines

    assert long == {}


def test_no_module_is_called_utils_or_helpers(root: Path):
    names = {Path(name).stem for name, _text in modules(root)}

    assert names & {"utils", "util", "helpers", "helper", "misc", "common"} == set()


def test_no_file_names_a_package_registry_or_a_path_of_somebodys_machine(root: Path, tracked: list[Path]):
    forbidden = re.compile("|".join(map(re.escape, [*REGISTRIES, *MACHINE_PATHS])).encode())
    found = [
        f"{path.relative_to(root)}: {match.group().decode()}"
        for path in tracked
        for match in forbidden.finditer(path.read_bytes())
    ]

    assert found == []


def test_every_text_file_ends_with_a_newline_and_has_no_carriage_returns(root: Path, tracked: list[Path]):
    kinds = {".py", ".md", ".toml", ".yaml", ".html", ".css", ".js", ".sh", ".txt", ".sample"}
    texts = {path: path.read_bytes() for path in tracked if path.suffix in kinds}

    assert [str(path) for path, content in texts.items() if b"\r" in content] == []
    assert [str(path) for path, content in texts.items() if content and not content.endswith(b"\n")] == []
