"""A real SLURM for all tests of this folder, and a finished tiny study whose parts are made anew on it.

`make test-cluster` as root; other runs of the tests skip this folder, for it installs packages and starts daemons.
"""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
import yaml
from kit import ACCOUNTS, HERE, PARTS, ROOT, SECONDS, Cluster, Study, say, until
from tiny import TRIGGERS

NOT_HERE = 3  # start.sh ends so where a machine cannot have a SLURM


@pytest.fixture(scope="session")
def cluster():
    """A running SLURM; stopped at the end unless it ran before."""
    if "ICHDAG_CLUSTER" not in os.environ:
        pytest.skip("starts a real SLURM as root: say make test-cluster")
    # A suite that was started in the background ignores interrupts, and so would all daemons and drivers it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    ran = shutil.which("scontrol") and "UP" in say("scontrol", "ping", ok=False)
    started = subprocess.run(["bash", HERE / "start.sh"], capture_output=True, text=True, timeout=SECONDS)
    if started.returncode == NOT_HERE:
        pytest.skip(started.stderr.strip())
    if started.returncode:
        say("bash", HERE / "stop.sh", "--purge")
        pytest.fail(started.stderr)
    yield Cluster()
    if not ran:
        say("bash", HERE / "stop.sh", "--purge")


@pytest.fixture(autouse=True)
def nothing_is_left(request, tmp_path):
    """After each test all nodes are up and no driver or job is left, even if it failed."""
    yield
    if "cluster" in request.fixturenames and "ICHDAG_CLUSTER" in os.environ:
        say("pkill", "-KILL", "-f", tmp_path, ok=False)
        say("scancel", "--user=root", ok=False)
        say("bash", HERE / "start.sh")
        until(lambda: not say("squeue", "-h"))


@pytest.fixture
def group():
    """Three participants' radiomics: one SLURM job."""
    return PARTS["group"]


@pytest.fixture
def training():
    """The training of a network."""
    return PARTS["training"]


@pytest.fixture
def part(request):
    """The part that a test names."""
    return PARTS[request.param]


@pytest.fixture(scope="session")
def profile(tmp_path_factory):
    """profiles/slurm filled in as a user would, and asked to wait less."""
    settings = yaml.safe_load((ROOT / "profiles/slurm/config.yaml").read_text("utf-8"))
    settings["default-resources"]["slurm_account"] = "study"
    if not ACCOUNTS:
        del settings["default-resources"]["slurm_account"]
        settings["slurm-no-account"] = True
    settings |= {"slurm-init-seconds-before-status-checks": 1, "latency-wait": 2, "max-status-checks-per-second": 1}
    settings["rerun-triggers"] = TRIGGERS
    folder = tmp_path_factory.mktemp("profile")
    (folder / "config.yaml").write_text(yaml.safe_dump(settings))
    return folder


@pytest.fixture(scope="session")
def undisturbed(cluster, tmp_path_factory, profile):
    """A finished tiny study, made on this machine without SLURM; one made before is used if TINY_STUDY names it."""
    return Study(Path(os.environ.get("TINY_STUDY") or tmp_path_factory.mktemp("undisturbed")), profile=profile).made()


@pytest.fixture
def study(undisturbed, tmp_path, profile):
    """A copy of the finished study, times of files kept."""
    folder = shutil.copytree(undisturbed.folder, tmp_path / "study", copy_function=shutil.copy2)
    return Study(folder, profile=profile)
