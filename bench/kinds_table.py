"""Holds processors against the libraries that they use, on one large file each.

.venv/bin/python bench/kinds_table.py csv [--rows N] [--rounds N]

`csv` makes a table of 1.1 GB and 11 million rows, then reads it by turns in fresh processes: once as the processor
does, once as somebody would with DuckDB alone, who wants the same of it: columns and their types, counts, nulls,
smallest and largest values, distinct estimates and the first 100 rows. Prints seconds, peak memory and the ratio.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import duckdb

from filemill.processors.base import Source, Workspace
from filemill.processors.table import TableProcessor

_ROWS = 11_000_000
_CSV = """
COPY (SELECT i AS id, 'user-' || (hash(i) % 900000)::VARCHAR AS name,
             'User ' || (hash(i + 7) % 100000) || ' of the mill' AS label,
             CASE WHEN i % 17 = 0 THEN NULL ELSE round((hash(i * 3) % 10000000) / 100.0, 2) END AS amount,
             DATE '2015-01-01' + (hash(i * 5) % 3650)::INTEGER AS day,
             TIMESTAMP '2020-01-01' + to_seconds((i * 37) % 100000000) AS seen_at,
             i % 3 = 0 AS active, CASE WHEN i % 5 = 0 THEN NULL ELSE 'city ' || (hash(i * 11) % 500) END AS city,
             hash(i * 13) % 1000000000 AS serial
      FROM range({rows}) numbers(i)) TO '{path}' (FORMAT csv, HEADER true)
"""


def main() -> None:
    """Make the file and read it by turns, or be one of the processes that read it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["csv", "processor", "alone"])
    parser.add_argument("path", nargs="?", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--rows", type=int, default=_ROWS)
    parser.add_argument("--rounds", type=int, default=2)
    given = parser.parse_args()
    if given.what == "processor":
        processor(given.path)
    elif given.what == "alone":
        alone(given.path)
    else:
        with tempfile.TemporaryDirectory(prefix="filemill-bench-") as folder:
            compare(Path(folder), given.rows, given.rounds)


def processor(path: Path) -> None:
    """Read the table as the processor does."""
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        source = Source(path, path.name, "text/csv", path.stat().st_size)
        facts = TableProcessor().process(source, Workspace(Path(folder), lambda _fraction, _words: None)).facts
    print(facts["rows"], [field["distinct_estimate"] for field in facts["fields"]])


def alone(path: Path) -> None:
    """Read the table with DuckDB as it comes."""
    connection = duckdb.connect()
    names = [row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM read_csv('{path}')").fetchall()]
    wanted = ", ".join(
        f'count("{name}"), min("{name}"), max("{name}"), approx_count_distinct("{name}")' for name in names
    )
    found = connection.execute(f"SELECT count(*), {wanted} FROM read_csv('{path}')").fetchall()
    connection.execute(f"SELECT * FROM read_csv('{path}') LIMIT 100").fetchall()
    print(found[0][0], list(found[0][4::4]))


def compare(folder: Path, rows: int, rounds: int) -> None:
    """Print what each way took."""
    path = folder / "table.csv"
    made = duckdb.connect(config={"memory_limit": "1GB", "temp_directory": str(folder)})
    made.execute(_CSV.format(rows=rows, path=path))
    made.close()
    print(f"{path.stat().st_size / 1e9:.2f} GB, {rows:,} rows")
    taken: dict[str, list[tuple[float, float]]] = {"alone": [], "processor": []}
    for _ in range(rounds):
        for way, values in taken.items():
            values.append(measured(way, path))
            print(f"{way:10} {values[-1][0]:6.2f} s {values[-1][1]:6.0f} MiB at most")
    ratio = median(values[0] for values in taken["processor"]) / median(values[0] for values in taken["alone"])
    print(f"processor / alone: {ratio:.2f}")


def measured(way: str, path: Path) -> tuple[float, float]:
    """Return the seconds and the peak memory in MiB of a fresh process that reads the table so."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, __file__, way, path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{way} ended with {status}.")
    return time.perf_counter() - began, usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()
