"""What it costs to plan a study of N patients: a dry run of ichdag against a bare workflow of as many jobs.

`make bench-dag`. The sheet names empty files: planning opens no scan. Memory is that of the whole process. The peer is
one rule of one wildcard without functions, params, logs or resources, that is Snakemake itself; difference is the
seconds that ichdag adds per thousand jobs.
"""

import re
import sys
import tempfile
from pathlib import Path

from _measure import ROOT, command_cost, tell

PATIENTS = [100, 500, 2000, 5000]
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
    """A sheet of so many patients, two thirds to develop on, and an empty file for each scan and mask it names."""
    lines = ["\t".join([*COLUMNS, *COVARIATES])]
    for n in range(patients):
        role = "external" if n % 3 == 2 else "development"
        files = [f"s{n}_{column}.nii.gz" for column in COLUMNS[3:]]
        for name in files:
            (folder / name).touch()
        own = [text.format(age=40 + n % 40, mrs=n // 3 % 7) for text in COVARIATES.values()]
        lines.append("\t".join([f"sub-{n:05d}", role, role, *files, *own]))
    (folder / "participants.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def dry_run(folder: Path, *arguments: str) -> tuple[float, float, int]:
    """Seconds, MiB and number of jobs of a dry run."""
    command = [sys.executable, "-m", "snakemake", "--directory", str(folder), "--cores", "1", "--dry-run"]
    seconds, mib, output = command_cost([*command, "--quiet", "rules", *arguments], ROOT)
    return seconds, mib, int(re.findall(r"^total +(\d+)$", output, re.M)[0])


def rows():
    """One row a size of study."""
    for patients in PATIENTS:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write_study(folder, patients)
            ours_s, ours_mib, jobs = dry_run(folder, "--workflow-profile", "none")
            (folder / "bare.smk").write_text(BARE, encoding="utf-8")
            peer_s, peer_mib, _ = dry_run(
                folder, "--snakefile", str(folder / "bare.smk"), "--config", f"jobs={jobs - 1}"
            )
            yield {
                "case": f"{patients} patients, {jobs} jobs",
                **{"ours_s": ours_s, "peer_s": peer_s, "ours_mib": ours_mib, "peer_mib": peer_mib},
                "difference": (ours_s - peer_s) / jobs * 1000,
            }


if __name__ == "__main__":
    tell("dag", rows())
