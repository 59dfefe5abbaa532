"""The RO-Crate names what made the figures and tables of a study, is read by the library of others, and nobody."""

from rocrate.rocrate import ROCrate

from ichdag.provenance.crate import SETTINGS, write_ro_crate

JOBS = [
    {"started": "2026-01-01T12:00:00.000000Z", "packages": "python 3.12.1, numpy 2.4.6", "wall_s": "90061.5"},
    {"started": "2026-01-02T12:00:00.000000Z", "packages": None, "wall_s": None},
]


def crate_of(folder, *names):
    for name in (SETTINGS, *names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("here")
    write_ro_crate(folder, title="A study", jobs=JOBS)
    return ROCrate(folder)


def test_the_run_names_its_tool_its_settings_and_its_results(tmp_path):
    crate = crate_of(tmp_path, "figures/auc.svg", "evaluation/metrics.tsv", "report/report.html")
    run = crate.get("#run")
    assert run.type == "CreateAction" and run["object"].id == SETTINGS
    assert {file.id for file in run["result"]} == {"figures/auc.svg", "evaluation/metrics.tsv", "report/report.html"}
    assert (run["startTime"], run["endTime"]) == (JOBS[0]["started"], "2026-01-02T13:01:01.500000Z")
    assert run["instrument"]["softwareRequirements"] == ["numpy 2.4.6", "python 3.12.1"]
    assert crate.name == "A study" and crate.get("figures/auc.svg")["encodingFormat"] == "image/svg+xml"


def test_what_shows_single_participants_is_not_listed(tmp_path):
    apart = (
        "provenance/jobs.tsv",
        "cohort/participants.tsv",
        "radiomics/sub-A1_features.json",
        "report/participants.html",
    )
    crate_of(tmp_path, *apart)
    text = (tmp_path / "ro-crate-metadata.json").read_text("utf-8")
    assert SETTINGS in text and not [name for name in apart if name in text]
