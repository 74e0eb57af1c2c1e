"""Keeps the catalogues of translations beside the code: what is said in it, and what each language says instead.

scripts/languages.py            put new msgids into each django.po, take out what is gone, and compile
scripts/languages.py --check    say what is missing, left over or not compiled, and change nothing
"""

import ast
import io
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

HOUSE = Path(__file__).parents[1] / "src" / "filemill"
CALLS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "pgettext"}
#: Of these folders every sentence can reach people, in an error, a reason or a warning.
SAYING = {"accounts", "api", "core", "events", "files", "processing", "processors", "sandbox", "uploads"}
SAYING_MODULES = {
    "config/access.py",
    "config/middleware.py",
    "config/urls.py",
    "web/account.py",
    "web/account_views.py",
    "web/file_views.py",
}
#: Read by operators: logs, and why a service does not start.
SILENT = {
    "accounts/models.py", "api/schema.py", "processing/models.py", "processing/states.py", "processors/adjust.py",
    "processors/extras.py", "processors/registry.py", "processors/testing.py", "sandbox/client.py", "sandbox/launch.py",
    "sandbox/probe.py", "sandbox/server.py", "sandbox/walls.py",
}  # fmt: skip
_SENTENCE = re.compile(r"[A-Z{`].*\s.*[.]", re.DOTALL)
_TITLE = re.compile(
    r"(?:The|This|That|An?|No|Too|More|Other|Some|Files?|Requests?|Sign|Something|Not|Its) [^.{}]*[^.{}: (`]"
)
#: What stands for `{0}` in sentences of processors, and in two others.
_PART = re.compile(
    r"(?:line [{]0[}],|has|holds|is|declares|unpacks|more than|It lacks|Its XML|Unpacked,|A sheet|The workbook|a RAR"
    r"|what the package|the content|signal| of) [^.]*|The body has no part.*|The request has no body.*"
    r"| It has a field.*|(?:wait|page_size) is a number.*"
)
#: Where the documentation of a kind tells of facts: text.md from its beginning.
_FACTS = re.compile(r"^## (?:Facts|What it finds|What is found)$(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
Msgid = tuple[str | None, str, str | None]  # context, text, plural


def main() -> None:
    """Update the catalogues, or check them."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po, write_po

    found = collect()
    faults: list[str] = []
    for path in sorted(HOUSE.glob("locale/*/LC_MESSAGES/django.po")):
        with path.open("rb") as file:
            catalogue = read_po(file, locale=path.parts[-3])
        known = {_key(message): message for message in catalogue if message.id}
        faults += [f"{path}: nobody says any more: {key[1]}" for key in known.keys() - found]
        faults += [f"{path}: not there yet: {key[1]}" for key in found - known.keys()]
        faults += [f"{path}: not translated: {key[1]}" for key in known.keys() & found if not _is_done(known[key])]
        for context, text, plural in known.keys() - found:
            catalogue.delete((text, plural) if plural else text, context)
        for context, text, plural in found - known.keys():
            catalogue.add((text, plural) if plural else text, context=context)
        compiled, written = io.BytesIO(), io.BytesIO()
        write_mo(compiled, catalogue)
        write_po(written, catalogue, width=120, sort_output=True, ignore_obsolete=True)
        faults += _put(path.with_suffix(".mo"), compiled.getvalue()) + _put(path, written.getvalue())
    print("\n".join(sorted(set(faults))) or "Everything is translated.")
    sys.exit(1 if faults else 0)


def collect() -> set[Msgid]:
    """Return all that is said to people."""
    return {
        *_of_templates(),
        *_of_facts(),
        *(msgid for path in sorted(HOUSE.rglob("*.py")) for msgid in _of_module(path)),
    }


def _key(message: object) -> Msgid:
    text = message.id  # type: ignore[attr-defined]  # Babel ships no types
    context: str | None = message.context  # type: ignore[attr-defined]  # as above
    return (context, *text) if isinstance(text, tuple) else (context, text, None)


def _is_done(message: object) -> bool:
    said = message.string  # type: ignore[attr-defined]  # as above
    return all(said) if isinstance(said, tuple) else bool(said)


def _put(path: Path, content: bytes) -> list[str]:
    if path.exists() and path.read_bytes() == content:
        return []
    if "--check" not in sys.argv:
        path.write_bytes(content)
        return []
    return [f"{path}: not as scripts/languages.py writes it"]


def _of_templates() -> Iterator[Msgid]:
    import django
    from django.template import engines
    from django.templatetags.i18n import BlockTranslateNode, TranslateNode

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "filemill.config.settings")
    os.environ.setdefault("FILEMILL_SECRET_KEY", "none")
    django.setup()
    for path in sorted(HOUSE.rglob("templates/**/*.html")):
        nodes = engines["django"].engine.from_string(path.read_text(encoding="utf-8")).nodelist
        for node in nodes.get_nodes_by_type(TranslateNode):
            yield node.message_context and str(node.message_context.var), node.filter_expression.var.literal, None
        for node in nodes.get_nodes_by_type(BlockTranslateNode):
            plural = node.render_token_list(node.plural)[0] if node.plural else None
            yield None, node.render_token_list(node.singular)[0], plural


def _of_facts() -> Iterator[Msgid]:
    """Find the names of facts where they are documented: below the heading of facts, or where there is none."""
    from filemill.web.facts import MORE_NAMES, name_of

    names = [*MORE_NAMES]
    for path in sorted((HOUSE.parents[1] / "docs" / "kinds").glob("*.md")):
        text = path.read_text(encoding="utf-8")
        told = _FACTS.search(text)
        for row in re.findall(r"^\| (`[^|]*) \|", told[1] if told else text, re.MULTILINE):
            names += [part for name in re.findall(r"`([a-z][a-z0-9_.]*)`", row) for part in name.split(".")]
    yield from (("fact", name_of(name), None) for name in names)


def _of_module(path: Path) -> Iterator[Msgid]:
    place = path.relative_to(HOUSE).as_posix()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    yield from _of_calls(tree)
    is_about_bounds = path.name in {"bounds.py", "formats.py"}  # of the documentation
    if (place.split("/")[0] in SAYING or place in SAYING_MODULES) and place not in SILENT and not is_about_bounds:
        yield from _of_sentences(tree)


def _of_calls(tree: ast.Module) -> Iterator[Msgid]:
    for node in ast.walk(tree):
        name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
        if name not in CALLS:
            continue
        words = [text for each in node.args if (text := _text(each)) is not None]  # type: ignore[attr-defined]  # a Call
        if name == "ngettext" and len(words) == 2:
            yield None, words[0], words[1]
        elif name == "pgettext" and len(words) == 2:
            yield words[0], words[1], None
        elif words:
            yield None, words[0], None


def _of_sentences(tree: ast.Module) -> Iterator[Msgid]:
    silent = set(_silent(tree))
    titles = set(_titles(tree))
    for node in ast.walk(tree):
        text = _text(node) if node not in silent else None
        is_said = text and any(shape.fullmatch(text) for shape in (_SENTENCE, _TITLE, _PART))
        if text and "%" not in text and (is_said or node in titles):
            yield None, text, None
        if isinstance(node, ast.ClassDef) and any(_is_code(each) for each in node.body):
            yield None, (ast.get_docstring(node) or "").strip(), None  # shown at /docs/problems/


def _titles(tree: ast.Module) -> Iterator[ast.AST]:
    """Find what is called a title, and the words of progress."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (node.value for each in targets if isinstance(each, ast.Name) and each.id == "title")
        elif isinstance(node, ast.Call):
            yield from (each.value for each in node.keywords if each.arg == "title")
            is_progress = isinstance(node.func, ast.Attribute) and node.func.attr == "progress"
            yield from node.args[1:2] if is_progress else ()


def _is_code(node: ast.stmt) -> bool:
    if not isinstance(node, ast.Assign | ast.AnnAssign) or not isinstance(node.value, ast.Constant):
        return False
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return any(isinstance(each, ast.Name) and each.id == "code" for each in targets)


def _silent(tree: ast.Module) -> Iterator[ast.AST]:
    """Find what looks like a sentence and is none for people: docstrings, help of the API, parts of f-strings."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        ):
            yield node.body[0].value
        elif isinstance(node, ast.JoinedStr):
            yield from (each for each in node.values if isinstance(each, ast.Constant))
        elif isinstance(node, ast.Call):
            if ast.unparse(node.func).startswith("log."):
                yield from ast.walk(node)
            yield from (each.value for each in node.keywords if each.arg in {"help_text", "description"})


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if not isinstance(node, ast.JoinedStr):
        return None
    places = iter(range(10))
    return "".join(str(each.value) if isinstance(each, ast.Constant) else f"{{{next(places)}}}" for each in node.values)


if __name__ == "__main__":
    main()
