"""What it costs to plan a study of N patients: a dry run of ichdag against a bare workflow of as many jobs.

`make bench-dag`, or `python benchmarks/bench_dag.py 100 1511` for some sizes only. Each size with all results missing
and with all present. The sheet names empty files: planning opens no scan. Memory is that of the whole process. The peer
is one rule of one wildcard without functions, params, logs or resources, that is Snakemake itself; difference is the
seconds that ichdag adds per thousand jobs.
"""

import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from _measure import ROOT, command_cost, tell

PATIENTS = [100, 1511, 5000, 15000]
COLUMNS = ("participant_id", "cohort", "role", "baseline_ct", "followup_ct", "baseline_mask", "followup_mask")
COVARIATES = {
    "age": "{age}",
    "sex": "F",
    "gcs": "14",
    "nihss": "8",
    "onset_to_ct_hours": "2",
    "site": "a",
    "mrs": "{mrs}",
}
BARE = """
rule all:
    input: [f"made/{n}.txt" for n in range(int(config["jobs"]))]
rule make_file:
    output: "made/{n}.txt"
    shell: "touch {output}"
"""


def write_study(folder: Path, patients: int) -> None:
    """Return a sheet of so many patients, two thirds to develop on, and an empty file for each scan and mask."""
    lines = ["\t".join([*COLUMNS, *COVARIATES])]
    for n in range(patients):
        role = "external" if n % 3 == 2 else "development"
        files = [f"s{n}_{column}.nii.gz" for column in COLUMNS[3:]]
        for name in files:
            (folder / name).touch()
        own = [text.format(age=40 + n % 40, mrs=n // 3 % 7) for text in COVARIATES.values()]
        lines.append("\t".join([f"sub-{n:05d}", role, role, *files, *own]))
    (folder / "participants.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def snakemake(folder: Path, program: str, *arguments: str) -> tuple[float, float, str]:
    """Seconds, MiB and output of Snakemake in a folder; `program` is `-m snakemake` or a script that is like it."""
    command = [sys.executable, *program.split(), "--directory", str(folder), "--cores", "1"]
    profiles = ["--workflow-profile", "none", "--profile", "profiles/local"]
    return command_cost([*command, *profiles, "--quiet", "rules", *arguments], ROOT)


def costs(folder: Path, *arguments: str) -> Iterator[tuple[str, float, float, int]]:
    """Measure what is there, seconds, MiB and jobs of a dry run: nothing made yet, then everything."""
    seconds, mib, output = snakemake(folder, "-m snakemake", "--dry-run", *arguments)
    jobs = int(re.findall(r"^total +(\d+)$", output, re.M)[0])
    yield "missing", seconds, mib, jobs
    snakemake(folder, str(ROOT / "benchmarks/_present.py"), *arguments)
    seconds, mib, output = snakemake(folder, "-m snakemake", "--dry-run", *arguments)
    if "Nothing to be done" not in output:
        sys.exit(f"not everything is present:\n{output[-2000:]}")
    yield "present", seconds, mib, jobs


def rows(sizes: list[int]) -> Iterator[dict[str, Any]]:
    """Two rows a size of study."""
    for patients in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder, bare = Path(name) / "study", Path(name) / "bare"
            folder.mkdir()
            bare.mkdir()
            write_study(folder, patients)
            (bare / "Snakefile").write_text(BARE, encoding="utf-8")
            ours = list(costs(folder))
            peers = costs(bare, "--snakefile", str(bare / "Snakefile"), "--config", f"jobs={ours[0][3] - 1}")
            for (state, ours_s, ours_mib, jobs), (_, peer_s, peer_mib, _) in zip(ours, peers, strict=True):
                yield {
                    "case": f"{patients} patients, {jobs} jobs, {state}",
                    **{"ours_s": ours_s, "peer_s": peer_s, "ours_mib": ours_mib, "peer_mib": peer_mib},
                    "difference": (ours_s - peer_s) / jobs * 1000,
                }


if __name__ == "__main__":
    tell("dag", rows([int(size) for size in sys.argv[1:]] or PATIENTS))
