"""Prints, as JSON, how long a CSV of 1.1 GB and 11 million rows takes and what memory, and how long with DuckDB alone.

.venv/bin/python bench/kinds_table.py [ROUNDS]     2 rounds unless told otherwise

It is read by turns in fresh processes: once as the processor does, once as somebody would with DuckDB alone, who wants
the same of it: columns and their types, counts, nulls, smallest and largest values, distinct estimates and the first
100 rows.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
from measure import spread

from filemill.processors.base import Source, Workspace
from filemill.processors.table import TableProcessor

ROWS = 11_000_000
ROUNDS = 2
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
    if len(sys.argv) == 3:
        WAYS[sys.argv[1]](Path(sys.argv[2]))
        return
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory(prefix="filemill-bench-") as folder:
        print(json.dumps({"table": compare(Path(folder) / "table.csv", rounds)}))


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


WAYS = {"alone": alone, "filemill": processor}


def compare(path: Path, rounds: int) -> dict[str, Any]:
    """Return what each way took."""
    made = duckdb.connect(config={"memory_limit": "1GB", "temp_directory": str(path.parent)})
    made.execute(_CSV.format(rows=ROWS, path=path))
    made.close()
    taken: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    for _ in range(rounds):
        for way, values in taken.items():
            values.append(measured(way, path))
    return {
        way: {"seconds": spread(each[0] for each in values), "peak_mib": spread(each[1] for each in values)}
        for way, values in taken.items()
    }


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
