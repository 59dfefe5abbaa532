"""The journal has one row a job that made a result, says what made it, and reads again only what ran again."""

import logging
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from ichdag.jobs import start_job_log
from ichdag.provenance.journal import update_journal
from ichdag.provenance.schemas import COSTS, JOBS
from ichdag.tables import read_table

BENCHMARK = "s\th:m:s\tmax_rss\tcpu_time\n{s}\t0:00:01\t{rss}\t{cpu}\n"
NOON = 1_767_268_800.0  # 2026-01-01, UTC


@pytest.fixture
def study(tmp_path, monkeypatch):
    """An empty study to stand in, as Snakemake's driver does; loggers are as before at its end."""
    monkeypatch.chdir(tmp_path)
    root, hook = logging.getLogger(), sys.excepthook
    handlers, level = root.handlers[:], root.level
    yield tmp_path
    root.handlers[:], sys.excepthook = handlers, hook
    root.setLevel(level)


def done(rule, started=NOON, s="1.5", rss="200.5", cpu="1.25", params=("'0123456789ab'", "{'rank': 3}"), **wildcards):
    """A job that ran: its log, benchmark and output are there; with Snakemake's record of it."""
    name = "/".join([rule, *wildcards.values()])
    job = SimpleNamespace(rule=SimpleNamespace(name=rule), wildcards_dict=wildcards, output=[f"results/{name}.tsv"])
    job.log, job.benchmark = [f"logs/{name}.log"], f"benchmarks/{name}.tsv"
    start_job_log(SimpleNamespace(rule=rule, wildcards=wildcards, log=job.log))
    files = {job.benchmark: BENCHMARK.format(s=s, rss=rss, cpu=cpu), job.output[0]: "made\n"}
    for path, text in files.items():
        file = job_file(path)
        file.write_text(text)
    checksums = {"a.tsv": "sha256:1", "b.tsv": "sha256:2"}
    record = {"starttime": started, "params": list(params), "input": ["a.tsv", "b.tsv", "c.h5"]}
    job.record = SimpleNamespace(**record, input_checksums=checksums)
    return job


def job_file(path):
    """The path of a file, in a folder that is there."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    return Path(path)


def kept(*jobs):
    """The journal after a run of these jobs, by job, and the costs by rule."""
    records = {job.output[0]: job.record for job in jobs if job.output}
    update_journal("results/provenance", jobs=jobs, record_of=records.get)
    table, costs = (read_table(f"results/provenance/{schema.name}.tsv", schema) for schema in (JOBS, COSTS))
    return table.set_index("job"), costs.set_index("rule")


def test_a_row_says_what_made_a_result_on_which_machine_and_at_what_cost(study):
    row = kept(done("reduce_block", fold="1"))[0].loc["reduce_block/1"]
    assert (row.rule, row.wildcards, row.outputs) == ("reduce_block", "fold=1", "results/reduce_block/1.tsv")
    assert (row.code, row.inputs, row.inputs_known) == ("0123456789ab", 3, 2)
    assert row.started == "2026-01-01T12:00:00.000000Z"
    assert (row.wall_s, row.cpu_s, row.memory_mib) == (1.5, 1.25, 200.5)
    assert "python 3." in row.packages and "numpy " in row.packages and len(row.host) > 0


def test_the_digests_of_settings_and_inputs_change_with_them_and_with_nothing_else(study):
    one, same, other = done("a_b"), done("a_c", params=("{'rank': 3}", "'ba9876543210'")), done("a_d", params=("1",))
    other.record.input_checksums = {"a.tsv": "sha256:1", "b.tsv": "sha256:3"}
    table = kept(one, same, other)[0]
    assert table.settings["a_b"] == table.settings["a_c"] != table.settings["a_d"]
    assert table.inputs_digest["a_b"] == table.inputs_digest["a_c"] != table.inputs_digest["a_d"]
    assert table.code.isna().tolist() == [False, False, True]


def test_a_training_names_the_device_that_it_logged(study):
    job = done("train_network")
    logging.getLogger("ichdag").info("device: %s, %d threads", "NVIDIA H100", 2)
    table, costs = kept(job)
    assert table.device["train_network"] == costs.devices["train_network"] == "NVIDIA H100"


def test_a_job_too_short_to_be_measured_has_a_row_without_measures(study):
    table, costs = kept(done("check_scans", s="0.4", rss="NA", cpu="NA"))
    assert table.wall_s["check_scans"] == 0.4 and table[["cpu_s", "memory_mib"]].isna().all(axis=None)
    assert costs.longest_s["check_scans"] == 0.4 and costs[["cpu_s", "memory_mib"]].isna().all(axis=None)


def test_costs_are_sums_over_the_jobs_of_a_rule_and_the_largest_memory_of_any(study):
    costs = kept(done("a_b", n="1"), done("a_b", n="2", s="3", rss="90", cpu="2"), done("c_d"))[1]
    assert costs.loc["a_b", ["jobs", "wall_s", "longest_s", "cpu_s", "memory_mib"]].tolist() == [2, 4.5, 3, 3.25, 200.5]
    assert list(costs.index) == ["a_b", "c_d"]


def test_a_job_that_ran_again_gets_a_new_row_and_others_are_not_read_again(study):
    one, other = done("a_b"), done("c_d")
    before = kept(one, other)[0]
    job_file(other.log[0]).unlink()
    table = kept(done("a_b", started=NOON + 60, s="9"), other)[0]
    assert (table.wall_s["a_b"], table.started["a_b"]) == (9, "2026-01-01T12:01:00.000000Z")
    assert table.loc["c_d"].equals(before.loc["c_d"])


def test_a_job_outside_of_this_run_stays_as_long_as_its_result(study):
    one, gone, now = done("a_b"), done("c_d"), done("e_f")
    kept(one, gone)
    job_file(gone.output[0]).unlink()
    assert set(kept(now)[0].index) == {"a_b", "e_f"}


def test_targets_and_jobs_that_have_not_run_have_no_row(study):
    target = SimpleNamespace(output=[], log=[], record=None)
    waiting = done("c_d")
    waiting.record = None
    assert list(kept(done("a_b"), target, waiting)[0].index) == ["a_b"]


def test_a_row_that_is_not_whole_is_forgotten_and_others_are_kept(study):
    kept(done("a_b"), done("c_d"))
    path = job_file("results/provenance/jobs.tsv")
    path.write_text(path.read_text()[:-40])
    assert list(kept(done("e_f"))[0].index) == ["a_b", "e_f"]


def test_a_table_of_another_version_is_made_anew(study):
    job_file("results/provenance/jobs.tsv").write_text("job\trule\na_b\ta_b\n")
    assert kept(done("a_b"))[0].wall_s["a_b"] == 1.5
