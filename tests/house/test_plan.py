"""The plan of a run in plain words: what would run, how often and why."""

from types import SimpleNamespace

from snakemake_logger_plugin_plan import plan


def job(rule, output, reason, message=None):
    """What Snakemake tells of one job of a dry run."""
    return SimpleNamespace(rule_name=rule, output=[output], reason=reason, rule_msg=message)


def test_nothing_to_do_is_said_so():
    assert plan([]) == ["Nothing to be done: every result is there, and nothing it was made from has changed."]


def test_rules_are_told_once_with_their_own_reasons_before_those_that_follow_from_them():
    before, now = "{'rank': 3, 'init': 'nndsvd'}", "{'rank': 4, 'init': 'nndsvd'}"
    params = "Params have changed since last execution: Union of exclusive params before and now across all output: "
    jobs = [
        job("reduce_block", "a", f"{params}before: {before} now: {now} "),
        job("reduce_block", "b", "Missing output files: b"),
        job("fit_classifiers", "c", "Input files updated by another job: a, b"),
        job("compare_pairs", "d", f"{params}before: '0123456789ab' now: 'ba9876543210' "),
        job("check_scans", "e", "Updated input files: one.nii.gz, two.nii.gz, three.nii.gz"),
    ]
    head, *lines = plan(jobs)
    assert head.startswith("A run would do 5 jobs of 4 rules")
    words = [" ".join(line.split()) for line in lines]
    assert words == [
        "reduce_block 1 x settings changed: rank 3 -> 4",
        "1 x its result is not there yet",
        "fit_classifiers 1 x follows from reduce_block",
        "compare_pairs 1 x the code behind it changed",
        "check_scans 1 x one.nii.gz, two.nii.gz and 1 more files changed",
    ]


def test_trainings_are_told_first_with_their_reason_and_the_hours_that_they_took_last_time():
    why = "training.epochs 300 -> 200"
    jobs = [
        job("train_network", f"ledger/segmentation/dual_{n}/weights.safetensors", "Forced execution", message)
        for n, message in enumerate([f"Train network dual_{n}: {why}; the last training took 6.1 h" for n in range(3)])
    ]
    jobs.append(job("train_vaegan", "v", "Missing output files: v", "Train the VAE-GAN: it is not there yet"))
    _, *lines = plan(jobs)
    assert [line.strip() for line in lines[:2]] == [
        f"It would train 3 networks anew: {why}; the last trainings took 18 h together.",
        "It would train the VAE-GAN: it is not there yet.",
    ]
    assert "does not hold any more" in lines[2]
