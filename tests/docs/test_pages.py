"""What the pages mention exists, and what exists is mentioned."""

import re
import tomllib
from pathlib import Path

import click
import pytest

from filemill.api import problems
from filemill.cli.main import main
from filemill.config.env import Configuration
from filemill.files.listing import FileFilter
from filemill.processors.registry import processors

BOTH_READMES = ["README.md", "README.ru.md"]
#: Variables that are no settings of the service, by what reads them.
OTHER_VARIABLES = {
    "FILEMILL_ADMIN_PASSWORD": "src/filemill/web/management/commands/csu.py",
    "FILEMILL_IMAGE": "compose.yaml",
    "FILEMILL_TEST_FAULTS": "tests/faults/test_nth_call.py",
    "FILEMILL_TEST_SEED": "tests/clients/test_clients.py",
    "FILEMILL_TEST_STACK": "tests/conftest.py",
    "FILEMILL_TOKEN": "src/filemill/cli/main.py",
    "FILEMILL_URL": "src/filemill/cli/remote/options.py",
}


def targets_of(link: str) -> str | None:
    """Return the path that a link leads to, or None where it leads to another site or stays on the page."""
    return None if re.match(r"[a-z]+:", link) or link.startswith("#") else link.partition("#")[0]


def anchors_of(text: str) -> set[str]:
    """Return the anchors that the headings of a page have."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def code_of(text: str) -> list[str]:
    """Return the lines in code blocks and the code within sentences."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    within = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return [line for block in blocks for line in block.splitlines()] + within


def rows_of(text: str, heading: str) -> list[list[str]]:
    """Return the cells of the table under a heading."""
    section = re.split(r"^## ", text.partition(f"## {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return rows[2:]


def test_every_link_between_pages_leads_somewhere(root: Path, pages: dict[str, str]):
    dead = []
    for name, text in pages.items():
        for link in re.findall(r"\]\(([^)\s]+)\)", without_code(text)):
            target = targets_of(link)
            if target and not ((root / name).parent / target).exists():
                dead.append(f"{name}: {link}")

    assert dead == []


def test_every_anchor_that_is_linked_to_is_a_heading(root: Path, pages: dict[str, str]):
    for name, text in pages.items():
        for path, anchor in re.findall(r"\]\(([^)\s#:]*)#([^)\s]+)\)", without_code(text)):
            target = (root / name).parent / path if path else root / name
            assert anchor in anchors_of(target.read_text()), f"{name}: {path}#{anchor}"


def test_every_make_target_that_is_mentioned_exists(root: Path, pages: dict[str, str]):
    exist = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(), re.MULTILINE))
    mentioned = {
        target for text in pages.values() for line in code_of(text) for target in re.findall(r"\bmake ([a-z-]+)", line)
    }

    assert {"run", "test"} <= mentioned <= exist


def test_every_command_that_is_mentioned_exists(pages: dict[str, str]):
    mentioned = {
        command
        for text in pages.values()
        for line in code_of(text)
        for command in re.findall(r"(?:^|[ /`;])filemill ([a-z]+)\b", line)
    }

    assert mentioned == set(main.list_commands(click.Context(main)))


def test_every_variable_that_is_mentioned_is_heeded(root: Path, pages: dict[str, str]):
    settings = {field.metadata["name"] for field in Configuration.__dataclass_fields__.values()}
    mentioned = {name for text in pages.values() for name in re.findall(r"\bFILEMILL_[A-Z_]+\b", text)}

    assert mentioned - settings <= OTHER_VARIABLES.keys()
    for name, reader in OTHER_VARIABLES.items():
        assert name in (root / reader).read_text()


def test_every_module_and_script_that_is_mentioned_exists(root: Path, pages: dict[str, str]):
    places = (root, root / "src/filemill")
    for name, text in pages.items():
        for path in re.findall(r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|sh|md|toml|yaml))`", text):
            assert any((place / path).exists() for place in places), f"{name}: {path}"


@pytest.mark.parametrize("name", BOTH_READMES)
def test_both_readmes_show_the_same_commands(pages: dict[str, str], name: str):
    english, other = (_commands(pages[page]) for page in ("README.md", name))

    assert other == english


@pytest.mark.parametrize("name", BOTH_READMES)
def test_the_readmes_name_every_processor_of_ours(root: Path, pages: dict[str, str], name: str):
    ours = tomllib.loads((root / "pyproject.toml").read_text())["project"]["entry-points"]["filemill.processors"]
    table = re.findall(r"^\| \[?`([a-z-]+)`[^|]* \| [^|]+ \| [^|]+ \|$", pages[name], re.MULTILINE)

    assert sorted(table) == sorted(ours)
    assert ours.keys() <= processors().keys()


def test_the_settings_name_every_media_type_that_we_take(pages: dict[str, str]):
    for processor in processors().values():
        for accepted in processor.accepts:
            assert f"`{accepted}`" in pages["docs/settings.md"]


def test_the_architecture_names_the_layers_that_the_linter_holds(root: Path, pages: dict[str, str]):
    contracts = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")

    assert f"\n    {' > '.join(layers)}\n" in pages["ARCHITECTURE.md"]


def test_the_architecture_describes_every_package(root: Path, pages: dict[str, str]):
    packages = {path.parent.name for path in (root / "src/filemill").glob("*/__init__.py")}
    described = set(re.findall(r"^  (\w+)/ +\S", pages["ARCHITECTURE.md"], re.MULTILINE))

    assert described == packages


def test_every_decision_has_a_context_and_consequences(pages: dict[str, str]):
    decisions = {name: text for name, text in pages.items() if name.startswith("docs/adr/")}

    numbers = [re.fullmatch(r"docs/adr/(\d{4})-[a-z0-9-]+\.md", name).group(1) for name in decisions]
    assert len(set(numbers)) == len(numbers)
    for number, (name, text) in zip(numbers, decisions.items(), strict=True):
        assert text.startswith(f"# {int(number)}. ")
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
        assert len(text.split()) < 600, f"{name} is longer than a page"


def test_the_guide_lists_every_path_of_the_api(pages: dict[str, str], client):
    paths = client.get("/openapi.json").json()["paths"]
    listed = {row[0].strip("`"): row[1].split(", ") for row in _first_table(pages["docs/api.md"])}

    for path, operations in paths.items():
        for method in operations.keys() & {"get", "post", "patch", "put", "delete"}:
            assert method.upper() in listed.get(path, []), f"{method.upper()} {path}"


def test_the_guide_lists_every_parameter_of_the_list(pages: dict[str, str], client):
    operation = client.get("/openapi.json").json()["paths"]["/files/"]["get"]
    described = {parameter["name"] for parameter in operation["parameters"]}
    listed = {name for row in rows_of(pages["docs/api.md"], "The list") for name in re.findall(r"`(\w+)`", row[0])}

    assert listed == described
    assert FileFilter.base_filters.keys() <= listed


def test_the_guide_describes_every_field_of_a_file(pages: dict[str, str], client):
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    text = pages["docs/api.md"].partition("## A file\n")[2].partition("\n## ")[0]

    for name in ("FileDetail", "Job", "Artifact"):
        for field in schemas[name]["properties"]:
            assert f"`{field}`" in text, f"{name}.{field}"


def test_the_guide_lists_every_problem_with_its_status(pages: dict[str, str]):
    listed = {row[0].strip("`"): int(row[1]) for row in rows_of(pages["docs/api.md"], "Problems")}

    assert listed == {error.code: int(status) for error, status in problems.STATUS.items()}


def test_the_guide_lists_every_reason_that_the_code_gives(root: Path, pages: dict[str, str]):
    listed = {code for row in rows_of(pages["docs/api.md"], "Reasons on a file") for code in re.findall(r"\w+", row[0])}
    given = set()
    for folder in ("processors", "processing", "sandbox"):
        for path in (root / "src/filemill" / folder).rglob("*.py"):
            given |= set(re.findall(r"""(?:code=|"code": |Reason\(\s*)"([a-z_]+)\"""", path.read_text()))
            given |= set(re.findall(r'ChildFailed\(\s*"([a-z_]+)"', path.read_text()))

    assert {"truncated", "worker_lost", "timed_out"} <= given
    assert given - listed == set()


def _commands(text: str) -> list[str]:
    """Return what a reader would type, without the remarks beside it."""
    typed = r"^(?:\$ )?((?:curl|make|docker|python3|\.venv/bin/\S+|filemill|export) .*?)(?:  +#.*)?$"
    lines = [line for line in code_of(text) if "..." not in line]
    return [match.group(1) for line in lines if (match := re.match(typed, line))]


def _first_table(text: str) -> list[list[str]]:
    rows = [line.strip("| ").split(" | ") for line in text.partition("\n## ")[0].splitlines() if line.startswith("| ")]
    return rows[2:]


def test_every_library_that_reads_files_is_listed_with_its_extra(root: Path):
    listed = {}
    for line in (root / "docs" / "libraries.md").read_text().splitlines():
        if line.startswith("| `"):
            _, libraries, _, home, *_ = line.split("|")
            listed |= dict.fromkeys(re.findall("`([\\w-]+)`", libraries), home.strip(" `"))
    extras = tomllib.loads((root / "pyproject.toml").read_text())["project"]["optional-dependencies"]

    for extra, needed in extras.items():
        assert {re.split("[<>=]", each)[0]: extra for each in needed}.items() <= listed.items()
    assert {name for processor in processors().values() for name in processor.libraries} <= listed.keys()
