"""Every environment of the stages holds what its rules need: the tiny study runs in them, and in nothing else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONDA = Path(__file__).parent / "conda/bin"
DONOR = {"DONOR": sys.executable}  # packages of the same versions are linked, not unpacked again


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    """A virtual environment of envs/workflow.yaml alone: what is beside Snakemake, its jobs can import too."""
    folder = tmp_path_factory.mktemp("driver") / "environment"
    command = [sys.executable, CONDA / "conda", "env", "create"]
    subprocess.run(
        [*command, "--file", ROOT / "envs/workflow.yaml", "--prefix", folder], check=True, env=os.environ | DONOR
    )
    return folder


@pytest.fixture
def folder(tmp_path):
    """An empty folder for a study; it is kept where TINY_STUDY names one that is not there, for other tests."""
    folder = Path(os.environ.get("TINY_STUDY") or tmp_path)
    if folder.exists() and any(folder.iterdir()):
        return tmp_path
    folder.mkdir(exist_ok=True, parents=True)
    return folder


@pytest.mark.whole
def test_the_whole_study_runs_where_each_rule_has_the_packages_of_its_environment_alone(driver, folder):
    command = [driver / "bin/snakemake", "--snakefile", ROOT / "Snakefile", "--directory", folder, "--cores", "2"]
    command += ["--workflow-profile", "none", "--configfile", ROOT / "tests/workflow/tiny.yaml"]
    command += ["--software-deployment-method", "conda", "--conda-prefix", driver.parent / "stages"]
    command += ["--set-threads", "train_network=1", "train_vaegan=1", "--"]
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    environment |= {
        "PATH": os.pathsep.join([str(driver / "bin"), str(CONDA), "/usr/bin:/bin"]),
        "OMP_NUM_THREADS": "1",
    } | DONOR
    for target in ("phantom", "all"):
        done = subprocess.run([*command, target], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
    made = {file.with_suffix("").name for file in (driver.parent / "stages").glob("*.yaml")}
    assert len(made) == len(list((ROOT / "envs").glob("*.yaml"))) - 1
    assert (folder / "results/report/report.html").exists()
