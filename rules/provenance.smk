"""How every result was made: settings, code, inputs, packages, host, time and memory of each job, once a run has ended.

Reads: what Snakemake notes of each job, logs/, benchmarks/
Writes: results/provenance/jobs.tsv, results/provenance/costs.tsv, results/provenance/config.yaml,
    results/report/provenance.html, results/ro-crate-metadata.json
"""

LOCKED = {"lock_training_list", "train_vaegan"}


def tell_provenance():
    """Bring the journal up to date. It is no job, for a job's own record is written after it, and it would follow all."""
    import yaml

    from ichdag.jobs import write_text
    from ichdag.provenance.crate import write_ro_crate
    from ichdag.provenance.journal import update_journal
    from ichdag.report.costs import costs_page

    try:
        jobs, costs = update_journal(
            "results/provenance", jobs=workflow.dag.jobs, record_of=workflow.persistence.metadata
        )
        if costs:
            title = config["report"]["title"]
            write_text(yaml.safe_dump(dict(config), sort_keys=False), "results/provenance/config.yaml")
            write_text(costs_page(costs, title=title), "results/report/provenance.html")
            write_ro_crate("results", title=title, jobs=jobs)
    except (OSError, ImportError) as error:
        print(f"results/provenance could not be written: {error}", file=sys.stderr)


# An edit in the library reruns what it touches: every rule has the digest of the code that its script reaches, but for
# those that go by what they were made with (LedgerStatus).
for scripted in workflow.rules:
    if scripted.script and scripted.name not in LOCKED and "code" not in scripted.params.keys():
        scripted.set_params(code=code_of(scripted.name))


onsuccess:
    tell_provenance()


onerror:
    tell_provenance()
