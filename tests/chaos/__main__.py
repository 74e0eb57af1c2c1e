"""make chaos ARGS="--seeds 200 --stack redis": play rounds of faults, print a table, exit 1 on a breach."""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from chaos import invariants, rounds, stacks


def main() -> int:
    """Play the seeds on the stacks and say what came of it."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--stack", choices=stacks.NAMES, action="append", help="a stack; all of them if not given")
    parser.add_argument("--seeds", type=int, default=200, help="how many rounds on each stack (200)")
    parser.add_argument("--first", type=int, default=0, help="the first seed (0)")
    chosen = parser.parse_args()
    breaches = 0
    for name in chosen.stack or stacks.NAMES:
        breaches += _play(name, range(chosen.first, chosen.first + chosen.seeds))
    return 1 if breaches else 0


def _play(name: str, seeds: range) -> int:
    played, found = [], 0
    print(f"\n== {name}, seeds {seeds.start} to {seeds.stop - 1}", flush=True)
    with stacks.running(name) as stack:
        for seed in seeds:
            played.append(each := rounds.play(stack, seed))
            print(each, *(f"\n    BREACH: {breach}" for breach in each.verdict.breaches), flush=True)
            found += len(each.verdict.breaches)
        left = invariants.orphans(stack)
        print(*(f"BREACH: {breach}" for breach in left), sep="\n")
        if found + len(left):
            print(f"logs of the service: {_keep_logs(stack.filemill.folder)}")
    print(f"\n{rounds.table(played)}", flush=True)
    return found + len(left)


def _keep_logs(folder: Path) -> Path:
    kept = Path(tempfile.mkdtemp(prefix="filemill-chaos-logs-"))
    for path in folder.glob("*.log"):
        shutil.copy(path, kept)
    return kept


if __name__ == "__main__":
    sys.exit(main())
