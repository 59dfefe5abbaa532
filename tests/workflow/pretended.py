"""A study that is finished as far as Snakemake can see: results are empty files, with the records of a real run."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEADER = "participant_id cohort role baseline_ct followup_ct baseline_mask followup_mask age sex mrs"
PATIENT = "P0"  # to predict
THREADS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Pretended:
    """A study directory, and the checkout and settings that Snakemake is run with."""

    folder: Path
    code: Path = ROOT
    settings: tuple[Path, ...] = ()

    def snakemake(self, *arguments, program=("-m", "snakemake")):
        """Run Snakemake, or a script that is like it; return its exit status and what it said."""
        command = [sys.executable, *program, "--snakefile", self.code / "Snakefile", "--directory", self.folder]
        command += ["--configfile", *self.settings] if self.settings else []
        command += ["--profile", self.code / "profiles/local", "--workflow-profile", "none"]
        command += ["--quiet", "rules", "--cores", "1", *arguments]
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | THREADS
        done = subprocess.run([*map(str, command)], env=environment, capture_output=True, text=True, timeout=300)
        return done.returncode, done.stdout + done.stderr

    def planned(self, *arguments):
        """How many jobs of each rule a run would do now; none where nothing is left to do."""
        code, words = self.snakemake("--dry-run", *arguments)
        assert code == 0, words[-3000:]
        jobs = {name: int(count) for name, count in re.findall(r"^(\w+) +(\d+)$", words, re.M) if name != "total"}
        assert jobs or "Nothing to be done" in words, words[-3000:]
        return jobs

    def finish(self):
        """Write a sheet and pretend that the whole study was run."""
        write_sheet(self.folder)
        code, words = self.snakemake(program=[ROOT / "benchmarks/_present.py"])
        assert code == 0, words[-3000:]
        return self


def write_sheet(folder):
    """A sheet of a few participants of every role; their scans are empty files, for a plan opens none."""
    lines = [HEADER.split()]
    for role, count in (("development", 12), ("external", 6), ("prediction", 1)):
        for number in range(count):
            names = [f"{role}{number}_{name}.nii.gz" for name in HEADER.split()[3:7]]
            for name in names:
                (folder / name).touch()
            names, mrs = (names[:1] + ["n/a"] * 3, "n/a") if role == "prediction" else (names, str(number % 2 * 6))
            lines.append([f"sub-{role[0].upper()}{number}", role, role, *names, "60", "F", mrs])
    (folder / "participants.tsv").write_text("\n".join("\t".join(line) for line in lines) + "\n", encoding="utf-8")
