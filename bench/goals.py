"""What Filemill is to reach: each figure beside its reference of the same run; only the aims are typed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from figures import in_russian, rounded


@dataclass(frozen=True)
class Goal:
    """One row: our figure, by configuration, measurement and figure, and what it is held against."""

    what: tuple[str, str]  #: in English and in Russian
    unit: str
    ours: str
    reference: tuple[str, str] | None = None
    theirs: str | None = None
    at_least: float | None = None  #: of the ratio, or of our figure where there is no reference
    at_most: float | None = None
    is_ratio: bool = True  #: the aim is about the ratio, if there is a reference


_PLAIN = ("plain Django view", "простое представление Django")
_TEXTBOOK = ("textbook solution", "решение по учебнику")
_TEXTBOOK_FORM = ("textbook solution, form", "решение по учебнику, форма")
_NGINX = ("nginx PUT", "nginx PUT")
_REST = ("DRF CursorPagination", "CursorPagination из DRF")
_QUIET = ("nobody else", "больше никого")
_ALONE = ("the processors alone", "только обработчики")
_NOOP = ("a task that does nothing", "пустая задача")
_IDLE = ("no worker", "без воркера")
_SHARP = ("sharp", "sharp")
_PDFIUM = ("PDFium alone", "один PDFium")
_DUCKDB = ("DuckDB alone", "один DuckDB")
_TUS = ("@tus/server", "@tus/server")
_START = ("its first quarter", "первая четверть")
_DEEP = ("the page after row {deep}", "страница после строки {deep}")


def _resumable(name: str, where: tuple[str, str]) -> Iterator[Goal]:
    for what, load, figure, unit, least in (
        (("tus, chunks of 8 MiB, 4 connections", "tus, куски по 8 МиБ, 4 соединения"),
         "chunks_8m", "mb_per_s", "MB/s", 3),
        (("tus, chunks of 64 KiB", "tus, куски по 64 КиБ"), "chunks_64k", "patches_per_s", "PATCH/s", 2),
        (("tus, creation and PATCH of 4 KiB", "tus, создание и PATCH в 4 КиБ"),
         "small", "uploads_per_s", "uploads/s", 1),
    ):  # fmt: skip
        ours, theirs = (f"resumable.{name}.{load}.{side}.{figure}" for side in ("filemill", "tus_server"))
        yield Goal((what[0] + where[0], what[1] + where[1]), unit, ours, _TUS, theirs, at_least=least)
    large = f"resumable.{name}.large"
    words = (f"tus, 2 GiB{where[0]}: its last quarter", f"tus, 2 ГиБ{where[1]}: последняя четверть")
    yield Goal(words, "MB/s", f"{large}.end_mb_per_s", _START, f"{large}.start_mb_per_s", at_least=0.9)
    yield Goal(("its memory", "память при этом"), "MiB", f"{large}.rss_of_one_mib", at_most=150)


GOALS = (
    Goal(("upload of 4 KiB in a form, token", "загрузка 4 КиБ формой, токен"), "CPU ms",
         "production.turn_form.web_cpu_ms", _PLAIN, "production.plain_form.web_cpu_ms", at_most=2.5),
    Goal(("the same, raw body", "то же, тело без формы"), "CPU ms",
         "production.turn_raw.web_cpu_ms", _PLAIN, "production.plain_raw.web_cpu_ms", at_most=2),
    Goal(("upload of 4 KiB in a form, token", "загрузка 4 КиБ формой, токен"), "RPS",
         "production.turn_form.rps", _TEXTBOOK, "production.textbook_form.rps", at_least=2.5),
    Goal(("the same, raw body", "то же, тело без формы"), "RPS",
         "production.turn_raw.rps", _TEXTBOOK_FORM, "production.textbook_form.rps", at_least=3.5),
    Goal(("the same, form", "то же, формой"), "p99 ms",
         "production.turn_form.p99_ms", _TEXTBOOK, "production.textbook_form.p99_ms", at_most=1),
    Goal(("upload of 1 GiB, raw body", "загрузка 1 ГиБ без формы"), "MB/s",
         "production.large_raw.mb_per_s", _NGINX, "production.nginx_put.mb_per_s", at_least=0.8),
    Goal(("upload of 1 GiB in a form", "загрузка 1 ГиБ формой"), "MB/s",
         "production.large_form.mb_per_s", _NGINX, "production.nginx_put.mb_per_s", at_least=0.6),
    Goal(("memory of the process that takes it", "память принимающего процесса"), "MiB",
         "production.large_form.rss_of_one_mib", at_most=150),
    Goal(("50 of {rows} files, first page", "50 из {rows} файлов, первая страница"), "RPS",
         "production.list_long.rps", _REST, "production.cursor_first.rps", at_least=2),
    Goal(("the page after row {deep}", "страница после строки {deep}"), "RPS",
         "production.list_long_deep.rps", _REST, "production.cursor_deep.rps", at_least=2),
    Goal(("the first page", "первая страница"), "RPS",
         "production.list_long.rps", _DEEP, "production.list_long_deep.rps", at_least=1 / 1.3, at_most=1.3),
    Goal(("list beside 24 slow uploads", "список возле 24 медленных загрузок"), "p99 ms",
         "production.list_beside_slow.p99_ms", _QUIET, "production.list_quiet.p99_ms", at_most=3),
    Goal(("the same, embedded", "то же, встроенная"), "p99 ms",
         "embedded.list_beside_slow.p99_ms", _QUIET, "embedded.list_quiet.p99_ms", at_most=3),
    Goal(("from 201 to processed, 4 KiB text, Redis", "от 201 до результата, текст 4 КиБ, Redis"), "p50 ms",
         "production.latency_text.p50_ms", _NOOP, "production.noop.p50_ms", at_most=40, is_ratio=False),
    Goal(("the same, embedded", "то же, встроенная"), "p50 ms",
         "embedded.latency_text.p50_ms", _NOOP, "embedded.noop.p50_ms", at_most=60, is_ratio=False),
    Goal(("backlog of {backlog}, half text, half JPEG", "очередь из {backlog}, текст и JPEG пополам"),
         "files/s", "production.backlog_mix.files_per_s", _ALONE, "production.alone_mix.files_per_s", at_least=0.6),
    Goal(("the same", "то же"), "files/s",
         "production.backlog_mix.files_per_s", _TEXTBOOK, "production.textbook_backlog.files_per_s", at_least=2),
    Goal(("backlog of {backlog} texts", "очередь из {backlog} текстов"), "files/s",
         "production.backlog_text.files_per_s", at_least=150),
    Goal(("embedded: upload of 4 KiB beside a busy worker", "встроенная: загрузка 4 КиБ возле занятого воркера"),
         "RPS", "embedded.upload_draining.rps", _IDLE, "embedded.upload_idle.rps", at_least=0.5),
    Goal(("its answers that were errors", "ошибок среди ответов"), "", "embedded.upload_draining.errors", at_most=0),
    Goal(("JPEG of 24 megapixels to both thumbnails", "JPEG в 24 мегапикселя: две миниатюры"), "files/CPU s",
         "kinds.image.filemill.files_per_cpu_s", _SHARP, "kinds.image.sharp.files_per_cpu_s", at_least=0.8),
    Goal(("PDF of 600 pages: text, count, page 1", "PDF в 600 страниц: текст, число, страница 1"), "pages/CPU s",
         "kinds.pdf.filemill.pages_per_cpu_s", _PDFIUM, "kinds.pdf.alone.pages_per_cpu_s", at_least=0.8),
    Goal(("CSV of 1.1 GB and 11,000,000 rows", "CSV: 1,1 ГБ, 11 000 000 строк"), "s",
         "kinds.table.filemill.seconds", _DUCKDB, "kinds.table.alone.seconds", at_most=1.3),
    Goal(("its memory", "память при этом"), "MiB", "kinds.table.filemill.peak_mib", at_most=600),
    Goal(("a corpus of {corpus} files of all kinds, embedded", "корпус из {corpus} файлов всех видов, встроенная"),
         "files/s", "kinds.corpus.filemill.files_per_s", _ALONE, "kinds.corpus.alone.files_per_s", at_least=0.5),
    Goal(("deaths of the worker meanwhile", "смертей воркера при этом"), "", "kinds.corpus.filemill.deaths", at_most=0),
    Goal(("the page with 50 files, all that it loads", "страница на 50 файлов, всё вместе"), "KB",
         "page.first_load.kilobytes", at_most=250),
    Goal(("until it can be used", "когда ею можно пользоваться"), "ms", "page.first_load.usable_ms", at_most=1000),
    Goal(("from 201 to the thumbnail on the screen, photo of 2.6 MB", "от 201 до миниатюры на экране, снимок в 2,6 МБ"),
         "p50 ms", "page.thumbnail.p50_ms", at_most=1000),
    Goal(("10,000 small files dropped: those that arrive", "брошено 10 000 маленьких файлов: дошло"),
         "", "page.drop.arrived", at_least=10_000),
    Goal(("slowest answer to a key meanwhile", "худший ответ на клавишу при этом"),
         "ms", "page.drop.slowest_key_ms", at_most=100),
    Goal(("memory of the page", "память страницы"), "MiB", "page.drop.peak_mib", at_most=500),
    Goal(("scrolling 1,000,000 files to row 5,000: slowest page", "прокрутка 1 000 000 файлов до 5000: худшая"),
         "ms", "page.scroll.slowest_ms", at_most=150),
    *_resumable("production", ("", "")),
    *_resumable("embedded", (", embedded", ", встроенная")),
)  # fmt: skip


def table(results: dict[str, Any], *, is_russian: bool) -> str:
    """Return the table of all goals whose figures are there."""
    return "\n".join(_rows(results, is_russian=is_russian))


def _rows(results: dict[str, Any], *, is_russian: bool) -> Iterator[str]:
    head = (
        ("что", "эталон", "цель", "Filemill", "эталон даёт", "отношение", "достигнуто")
        if is_russian
        else ("what", "held against", "aim", "Filemill", "there", "ratio", "reached")
    )
    yield _row(head)
    yield _row(("---",) * len(head))
    for goal in GOALS:
        ours, theirs = _median(results, goal.ours), _median(results, goal.theirs) if goal.theirs else None
        if ours is None or (goal.theirs and not theirs):
            continue
        compared = ours / theirs if theirs and goal.is_ratio else ours
        cells = (
            f"{goal.what[is_russian].format(**_sizes(results))}, {goal.unit}".removesuffix(", "),
            goal.reference[is_russian].format(**_sizes(results)) if goal.reference else "",
            _aim(goal, is_russian=is_russian),
            rounded(ours),
            rounded(theirs) if theirs else "",
            rounded(ours / theirs) if theirs else "",
            _verdict(goal, compared, is_russian=is_russian),
        )
        yield _row(tuple(in_russian(cell) if is_russian else cell for cell in cells))


def _aim(goal: Goal, *, is_russian: bool) -> str:
    least, most, within = (("at least", "at most", "within"), ("не меньше", "не больше", "в пределах"))[is_russian]
    times = " x" if goal.theirs and goal.is_ratio else ""
    if goal.at_most is None:
        return f"{least} {goal.at_least:g}{times}"
    return f"{most if goal.at_least is None else within} {goal.at_most:g}{times}"


def _verdict(goal: Goal, compared: float, *, is_russian: bool) -> str:
    enough = goal.at_least is None or compared >= goal.at_least
    reached = enough and (goal.at_most is None or compared <= goal.at_most)
    return (("no", "yes"), ("нет", "да"))[is_russian][reached]


def _median(results: dict[str, Any], name: str) -> float | None:
    found: Any = results
    for part in name.split("."):
        found = found.get(part, {})
    return found.get("median")


def _sizes(results: dict[str, Any]) -> dict[str, str]:
    rows, backlog = results["size"]["rows"], results["size"]["backlog"]
    corpus = results.get("kinds", {}).get("corpus", {}).get("files", "")
    return {
        "rows": f"{rows:,}", "deep": f"{rows - rows // 1000:,}", "backlog": f"{backlog:,}", "corpus": str(corpus),
    }  # fmt: skip


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"
