"""Every environment of the stages holds what its rules need: the tiny study runs in them, and in nothing else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONDA = Path(__file__).parent / "conda/bin"


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    """A virtual environment of envs/workflow.yaml alone: what is beside Snakemake, its jobs can import too."""
    folder = tmp_path_factory.mktemp("driver") / "environment"
    command = [sys.executable, CONDA / "conda", "env", "create"]
    subprocess.run([*command, "--file", ROOT / "envs/workflow.yaml", "--prefix", folder], check=True)
    return folder


@pytest.mark.whole
def test_the_whole_study_runs_where_each_rule_has_the_packages_of_its_environment_alone(driver, tmp_path):
    command = [driver / "bin/snakemake", "--snakefile", ROOT / "Snakefile", "--directory", tmp_path, "--cores", "2"]
    command += ["--workflow-profile", "none", "--configfile", ROOT / "tests/workflow/tiny.yaml"]
    command += ["--software-deployment-method", "conda", "--conda-prefix", driver.parent / "stages"]
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    environment |= {"PATH": os.pathsep.join([str(driver / "bin"), str(CONDA), "/usr/bin:/bin"]), "OMP_NUM_THREADS": "1"}
    for target in ("phantom", "all"):
        done = subprocess.run([*command, target], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
    made = {file.with_suffix("").name for file in (driver.parent / "stages").glob("*.yaml")}
    assert len(made) == len(list((ROOT / "envs").glob("*.yaml"))) - 1
    assert (tmp_path / "results/report/report.html").exists()
