"""What the tests of this folder hold: a cluster, a run on it, a study, and the parts of the study that faults hit."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import tiny
import yaml
from tiny import PREDICTIONS, ROOT, SETTINGS, THREADS

HERE = Path(__file__).parent
STATE = Path(os.environ.get("CLUSTER_ROOT", "/var/lib/ichdag-cluster"))
ACCOUNTS = os.environ.get("CLUSTER_ACCOUNTING", "database") == "database"
SECONDS = 600


def say(*command, ok=True, **more):
    """Run a command; return what it printed."""
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=SECONDS, **more)
    assert not ok or done.returncode == 0, (command, done.stdout[-4000:], done.stderr[-4000:])
    return (done.stdout + done.stderr).strip()


def until(question, seconds=240):
    """Wait until the answer is truthy; return it."""
    end = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < end, f"still not so after {seconds} s"
        time.sleep(0.2)
    return answer


def is_alive(process):
    """Whether this process still runs; one that has ended and that nobody has asked about does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@dataclass(frozen=True)
class Part:
    """A part of the tiny study to make anew: its files, the rule that a fault hits, what is due after it."""

    targets: list
    rule: str


PARTS = {
    "group": Part([f"results/radiomics/sub-D000{number}_features.json" for number in (1, 2, 3)], "extract_radiomics"),
    # What shows that the VAE-GAN was there goes with it: else a run takes it for lost.
    "training": Part(["ledger/latent/vaegan/weights.safetensors", "results/latent/development.tsv"], "train_vaegan"),
    "aggregate": Part([PREDICTIONS], "gather_predictions"),
}


@dataclass(frozen=True)
class Cluster:
    """The SLURM of this machine, as `tests/cluster/start.sh` makes it."""

    def node(self, verb, name):
        """Crash, revive, drain or undrain a node."""
        say("bash", HERE / "node.sh", verb, name)

    def jobs(self, *options):
        """(id, state, partition, node, cores, memory, comment) of every job in the queue."""
        lines = say("squeue", "-h", "-o", "%A|%T|%P|%N|%C|%m|%k", *options).splitlines()
        return [tuple(line.split("|")) for line in lines]

    def job_of(self, rule, state="R"):
        """The number of the first job of a rule or group in this state; waits for it."""
        return until(lambda: [job for job in self.jobs("-t", state) if job[6].startswith(f"rule_{rule}")])[0][0]

    def node_of(self, job):
        """The node a job runs on."""
        return say("squeue", "-h", "-j", job, "-o", "%N")

    def state_of(self, job):
        """What became of a job."""
        return say("squeue", "-h", "-t", "all", "-j", job, "-o", "%T")

    def cancel(self, job):
        """Cancel a job, as its owner might by hand."""
        say("scancel", job)

    def minutes_of(self, job):
        """The time limit of a job."""
        days, clock = ("0-" + say("squeue", "-h", "-t", "all", "-j", job, "-o", "%l")).split("-")[-2:]
        hours, minutes, _ = (["0"] + clock.split(":"))[-3:]
        return int(days) * 1440 + int(hours) * 60 + int(minutes)

    def limit_to_a_minute(self, job):
        """Let a running job have one minute in all."""
        say("scontrol", "update", f"JobId={job}", "TimeLimit=1")

    def stop(self, *daemons):
        """End daemons of SLURM or its database, as an outage would; `mend` starts them again."""
        for name in daemons:
            process = int((STATE / f"run/{name}.pid").read_text())
            os.kill(process, signal.SIGTERM)
            until(lambda process=process: not is_alive(process))

    def mend(self):
        """Start all that does not run."""
        say("bash", HERE / "start.sh")

    def worker(self, script):
        """The process that runs a rule's script; waits for it."""
        pattern = rf"scripts/tmp.*{script}\.py"
        return int(until(lambda: say("pgrep", "-f", pattern, ok=False).split())[0])

    def hold(self, rule):
        """Stop the worker of a rule's job, as a file system that hangs would; give its process and the job's id."""
        job, worker = self.job_of(rule), self.worker(rule)
        os.kill(worker, signal.SIGSTOP)
        return worker, job


@dataclass(frozen=True)
class Run:
    """A run on SLURM that was started."""

    process: subprocess.Popen
    log: Path

    def outcome(self, seconds=SECONDS):
        """Wait for its end, good or bad; return what it printed."""
        self.process.wait(seconds)
        return self.log.read_text()

    def finish(self, ok=True, seconds=SECONDS):
        """Wait for the end that is expected; return what it printed."""
        text = self.outcome(seconds)
        print(text[-8000:])
        assert (self.process.returncode == 0) is ok, "the run's end was not the expected one; its log is printed"
        return text

    def end_by(self, how):
        """Send it a signal and wait until it is gone."""
        self.process.send_signal(how)
        self.process.wait(120)


@dataclass(frozen=True)
class Study(tiny.Study):
    """A tiny study, and the commands that run it on SLURM with a profile."""

    profile: Path = ROOT / "profiles/slurm"

    @property
    def environment(self):
        """With a `snakemake` that asks for states often; jobs find this project's environment."""
        programs = self.profile / "bin"
        if not programs.exists():
            programs.mkdir()
            (programs / "snakemake").write_text(f'#!/bin/sh\nexec {sys.executable} {HERE / "impatient.py"} "$@"\n')
            (programs / "snakemake").chmod(0o755)
        path = os.pathsep.join([str(programs), os.path.dirname(sys.executable), os.environ["PATH"]])
        return os.environ | THREADS | {"PATH": path, "PROFILE": str(self.profile), "LOST_AFTER": "30"}

    def start(self, *arguments):
        """Start a run on SLURM by the users' own command."""
        command = ["bash", ROOT / "workflow/cluster/run.sh", self.folder, *arguments, "--configfile", SETTINGS]
        log = tempfile.NamedTemporaryFile("w+", suffix=".log", dir=self.folder.parent, delete=False)  # noqa: SIM115
        process = subprocess.Popen([*map(str, command)], cwd=ROOT, env=self.environment, stdout=log, stderr=log)
        return Run(process, Path(log.name))

    def begin(self, part, *arguments):
        """Start to make a part anew on SLURM."""
        assert self.remove(*part.targets) == len(part.targets)
        return self.start(*part.targets, *arguments)

    def with_profile(self, folder, **change):
        """The study with a profile of its own: on the command line, --set-resources would replace all of it."""
        settings = yaml.safe_load((self.profile / "config.yaml").read_text())
        for section, values in change.items():
            if not isinstance(values, dict):
                settings[section], values = values, {}
            for name, value in values.items():
                own = settings[section].get(name)
                settings[section][name] = own | value if isinstance(own, dict) else value
        (folder / "config.yaml").write_text(yaml.safe_dump(settings))
        return replace(self, profile=folder)

    def on_slurm(self, *arguments):
        """Run on SLURM to the end; return what it printed."""
        return self.start(*arguments).finish()

    def bytes_of(self, name):
        """A file of the study."""
        return (self.folder / name).read_bytes()

    def remove(self, *patterns):
        """Remove what matches; give the number of files."""
        files = [file for pattern in patterns for file in self.folder.glob(pattern)]
        for file in files:
            file.unlink()
        return len(files)

    def is_as(self, undisturbed, part):
        """Fail unless part and predictions are the other study's, nothing half-written is there and nothing to do."""
        for name in (*part.targets, PREDICTIONS):
            assert self.bytes_of(name) == undisturbed.bytes_of(name), name
        assert not list(self.folder.glob("results/**/.partial-*"))
        assert self.planned() == {}
