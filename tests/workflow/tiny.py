"""A tiny study and the command that runs it, for the tests of the workflow and of the cluster."""

import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
SETTINGS = Path(__file__).with_name("tiny.yaml")
PREDICTIONS = "results/classification/predictions.parquet"
TRIGGERS = yaml.safe_load((ROOT / "profiles/local/config.yaml").read_text("utf-8"))["rerun-triggers"]
TRIGGERS = [trigger for trigger in TRIGGERS if trigger != "software-env"]  # a study made in the stages' serves as well
THREADS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
WIDE = {"COLUMNS": "160"}  # messages in tables are not broken where the terminal is narrow


@dataclass(frozen=True)
class Study:
    """A study directory and the command that runs Snakemake in it."""

    folder: Path
    code: Path = ROOT
    seconds: int = 1800  # that a command may take

    @property
    def configuration(self):
        """The arguments that name the settings."""
        return "--configfile", SETTINGS

    @property
    def paths(self):
        """Where Python finds the code of this study, and no other's, if it was told where to look."""
        folders = (self.code / "src", self.code / "workflow/progress")
        return {"PYTHONPATH": os.pathsep.join(map(str, folders))} if "PYTHONPATH" in os.environ else {}

    def command(self, *arguments):
        """Snakemake with the study's settings."""
        command = [sys.executable, "-m", "snakemake", "--snakefile", self.code / "Snakefile"]
        command += ["--directory", self.folder, "--workflow-profile", "none", "--scheduler", "greedy", "--cores", "2"]
        command += ["--rerun-triggers", *TRIGGERS, *self.configuration, "--rerun-incomplete"]
        return [*map(str, [*command, *arguments])]

    def snakemake(self, *arguments, ok=True):
        """Run Snakemake with the study's settings; return what it printed."""
        done = subprocess.run(
            self.command(*arguments),
            env=os.environ | THREADS | WIDE | self.paths,
            capture_output=True,
            text=True,
            timeout=self.seconds,
        )
        text = done.stdout + done.stderr
        assert not ok or done.returncode == 0, text[-6000:]
        return text

    def start(self, *arguments):
        """Start a run as the head of a process group of its own."""
        log = open(self.folder / "run.log", "w")  # noqa: SIM115  the process writes to it
        return subprocess.Popen(
            self.command(*arguments),
            env=os.environ | THREADS | self.paths,
            stdout=log,
            stderr=log,
            start_new_session=True,
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

    def made(self):
        """The study, run to its end unless it is there and up to date."""
        if not (self.folder / "results/report/report.html").is_file() or self.planned():
            self.folder.mkdir(parents=True, exist_ok=True)
            self.run("phantom").run("all")
            assert self.planned() == {}
        return self
