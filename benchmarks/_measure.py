"""Processor time and memory of work in a process of its own, one thread; the table that every benchmark writes."""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
COLUMNS = ("case", "ours_s", "peer_s", "ratio", "ours_mib", "peer_mib", "difference")
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"), "1")


def measured(script: str, *arguments: str) -> dict[str, Any]:
    """Run `script arguments` anew; give the seconds, MiB and result that its `report` wrote."""
    command = [sys.executable, script, *map(str, arguments)]
    done = subprocess.run(command, env=os.environ | ONE_THREAD, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def report(work: Callable[[], Any]) -> None:
    """Do the work once, in the process that `measured` started; print its seconds, peak memory and result."""
    began = time.process_time()
    result = work()
    seconds = time.process_time() - began
    mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "mib": mib, "result": result}))


def seconds_each(step: Callable[[], Any], *, times: int) -> float:
    """Processor seconds of a step, the mean of so many."""
    began = time.process_time()
    for _ in range(times):
        step()
    return (time.process_time() - began) / times


def command_cost(command: list[str], folder: Path) -> tuple[float, float, str]:
    """Processor seconds, peak MiB and output of a whole command, imports included."""
    child = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"{' '.join(command)} failed:\n{output[-2000:]}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output


def tell(name: str, rows: Iterable[dict[str, Any]]) -> None:
    """Print each row as it comes and write benchmarks/results/NAME.tsv."""
    path = ROOT / "benchmarks" / "results" / f"{name}.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8") as stream:
        for line in lines(rows):
            print("\t".join(line), file=stream, flush=True)
            print(f"{line[0]:42s}" + "".join(f"{cell:>12s}" for cell in line[1:]), flush=True)
    print(f"Written: {path.relative_to(ROOT)}")


def lines(rows: Iterable[dict[str, Any]]) -> Iterable[tuple[str, ...]]:
    """Return the header and every row, as soon as it is measured."""
    yield COLUMNS
    for row in rows:
        yield cells(row)


def cells(row: dict[str, Any]) -> tuple[str, ...]:
    """Return a row with its ratio, as text."""
    row = row | {"ratio": row["peer_s"] / row["ours_s"]}
    return tuple(f"{row[name]:.4g}" if isinstance(row[name], float) else str(row[name]) for name in COLUMNS)
