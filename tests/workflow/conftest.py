"""One tiny study, run once by Snakemake for all tests of the workflow."""

import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
THREADS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
WIDE = {"COLUMNS": "160"}  # messages in tables are not broken where the terminal is narrow


@dataclass(frozen=True)
class Study:
    """A study directory and the command that runs Snakemake in it."""

    folder: Path
    code: Path = ROOT

    def command(self, *arguments):
        """Snakemake with the tiny settings."""
        command = [sys.executable, "-m", "snakemake", "--snakefile", self.code / "Snakefile"]
        command += ["--directory", self.folder, "--workflow-profile", "none", "--scheduler", "greedy", "--cores", "2"]
        command += ["--configfile", ROOT / "tests/workflow/tiny.yaml", "--rerun-incomplete"]
        return [*map(str, [*command, *arguments])]

    def snakemake(self, *arguments, ok=True):
        """Run Snakemake with the tiny settings; return what it printed."""
        done = subprocess.run(
            self.command(*arguments), env=os.environ | THREADS | WIDE, capture_output=True, text=True, timeout=900
        )
        text = done.stdout + done.stderr
        assert not ok or done.returncode == 0, text[-6000:]
        return text

    def start(self, *arguments):
        """Start a run as the head of a process group of its own."""
        log = open(self.folder / "run.log", "w")  # noqa: SIM115  the process writes to it
        return subprocess.Popen(
            self.command(*arguments), env=os.environ | THREADS, stdout=log, stderr=log, start_new_session=True
        )

    def recover(self):
        """Clear away what a killed run left; return what was said."""
        command = ["bash", ROOT / "workflow/cluster/recover.sh", self.folder]
        environment = os.environ | {"PATH": os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    def planned(self, *arguments):
        """How many jobs of each rule a run would do now."""
        text = self.snakemake("--dry-run", "--quiet", "rules", *arguments)
        return Counter(
            {name: int(count) for name, count in re.findall(r"^(\w+) +(\d+)$", text, re.M) if name != "total"}
        )

    def run(self, *targets):
        """Run the study, or as much of it as the targets need."""
        self.snakemake("--set-threads", "train_network=1", "train_vaegan=1", "--", *targets)
        return self


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    """A finished tiny study; one made before is used, and one made now kept, where TINY_STUDY names a folder."""
    study = Study(Path(os.environ.get("TINY_STUDY") or tmp_path_factory.mktemp("study")))
    finished = (study.folder / "results/report/report.html").is_file()
    if not finished or study.planned():  # made by other code
        study.folder.mkdir(parents=True, exist_ok=True)
        study.run("phantom").run("all")
    return study


@pytest.fixture
def new_study(tmp_path):
    """A study directory with nothing in it."""
    return Study(tmp_path)
