"""What jobs ask for that state nothing, whoever else states something."""

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import pytest
from snakemake.iocontainers import Wildcards
from snakemake.resources import Resources

FILE = Path(__file__).parents[2] / "workflow/job_resources.py"
SPEC = importlib.util.spec_from_file_location("job_resources", FILE)
job_resources = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(job_resources)


def asked_for(resources, attempt=1):
    """What a job gets by these default resources."""
    words = {"attempt": attempt, "input": [], "threads": 1, "rulename": "x", "async_run": None}
    return {name: resource.evaluate(Wildcards(), **words).value for name, resource in resources.items()}


def defaults(*stated):
    """The default resources of a workflow, where a profile or the command line states these."""
    parsed = Resources.parse(list(stated), allow_expressions=True, defaults="full") if stated else None
    settings = SimpleNamespace(default_resources=parsed)
    job_resources.set_default_resources(settings, mem_mb=1000, runtime=10)
    return settings.default_resources


@pytest.mark.parametrize("attempt", [1, 2, 3])
def test_without_a_profile_the_defaults_of_the_workflow_hold_and_double(attempt):
    given = asked_for(defaults(), attempt)
    assert given.pop("tmpdir") and given == {"mem_mb": 1000 * 2 ** (attempt - 1), "runtime": 10 * 2 ** (attempt - 1)}


def test_a_profile_replaces_the_defaults_that_it_states_and_no_others():
    given = asked_for(defaults("slurm_partition=cpu", "runtime=30"), 2)
    assert (given["slurm_partition"], given["runtime"], given["mem_mb"]) == ("cpu", 30, 2000)


def test_the_process_that_runs_a_job_on_a_cluster_is_handed_the_same_defaults():
    for stated in ((), ("mem_mb=3000 * attempt", "slurm_account=mine", "disk_mb=2000")):
        here = defaults(*stated)
        assert asked_for(defaults(*here.args), 3)["mem_mb"] == asked_for(here, 3)["mem_mb"]
        assert asked_for(defaults(*here.args), 3)["runtime"] == asked_for(here, 3)["runtime"] == 40


def test_an_amount_may_be_known_only_once_the_sheet_is_read():
    later = []
    resources = job_resources.growing(mem_mb=lambda: 10 * len(later), runtime=5)
    later += ["one", "two"]
    assert resources["mem_mb"](None, attempt=2) == 40 and resources["runtime"](None, attempt=3) == 20
