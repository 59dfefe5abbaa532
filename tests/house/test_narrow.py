"""A rule is handed the settings that its code reads and no others: an edit of another one reruns nothing costly."""

import ast
import re

import pytest
import yaml
from pretended import Pretended

from ichdag.jobs import StudyError
from ichdag.provenance import settings_of

# Rules that read every setting of the section they are handed whole; what is kept goes by its identity (LedgerStatus).
WHOLE = {
    *(("check_study", "checks"), ("reduce_block", "features"), ("preprocess_scans", "preprocessing")),
    *(("draw_segmentation_examples", "figures"), ("draw_reconstructions", "figures"), ("draw_saliency", "figures")),
    *(("freeze_model", "preprocessing"), ("freeze_model", "prediction")),
}
READ_NOWHERE_COSTLY = """
evaluation: {calibration_bins: 7, decision_thresholds: [0.1, 0.9, 0.1]}
explanation: {top_features: 4, saliency_patients: 3}
statistics: {numbers: [age], categories: [sex]}
segmentation: {training: {checkpoint_every_epochs: 3}}
latent: {training: {checkpoint_every_epochs: 3}}
radiomics: {repeatability: {patients: 7, min_icc: 0.5}}
"""


@pytest.fixture(scope="module")
def replanned(tmp_path_factory):
    """A function: settings that differ, to the jobs of each rule that a finished study would run."""
    study = Pretended(tmp_path_factory.mktemp("narrow")).finish()

    def plan(text):
        (study.folder / "more.yaml").write_text(text, "utf-8")
        return study.planned("--configfile", study.folder / "more.yaml")

    return plan


def test_settings_of_pictures_tables_and_checkpoints_rerun_no_bootstrap_no_shap_and_no_prediction(replanned):
    assert set(replanned(READ_NOWHERE_COSTLY)) == {
        *("describe_cohorts", "measure_calibration", "measure_net_benefit", "name_components", "map_saliency"),
        *("draw_curves", "draw_saliency", "make_report", "all"),
    }


def test_settings_of_comparators_refit_no_classifier(replanned):
    planned = replanned("classification: {clinical: [age], logistic: {C: 2.0, max_iter: 1000}}")
    assert planned["fit_comparators"] == 4
    assert not {"fit_classifiers", "explain_predictions", "freeze_model"} & set(planned)


def test_calibration_folds_refit_the_svm_alone(replanned):
    assert replanned("classification: {calibration_folds: 4}")["fit_classifiers"] == 4


def test_a_setting_that_there_is_not_is_no_setting_of_a_rule():
    assert settings_of({"stage": {"a": 1, "b": 2}}, "stage", "b") == {"b": 2}
    with pytest.raises(StudyError, match="config stage has no c"):
        settings_of({"stage": {"a": 1}}, "stage", "a", "c")


def constants_of(file):
    """The constants of a rules file, as written."""
    return dict(re.findall(r"^([A-Z_]+) = (.*\n(?:[ }\])].*\n)*)", file.read_text("utf-8"), re.M))


def test_whole_sections_are_handed_to_those_rules_alone_that_read_all_of_them(rules, root):
    sections = {name for name, value in yaml.safe_load((root / "config/config.yaml").read_text("utf-8")).items()}
    sections -= {"outcomes", "folds", "repeats", "seed"}
    found = set()
    for rule in rules:
        text = rule.directives.get("params", "")
        text += "".join(value for name, value in constants_of(rule.file).items() if re.search(rf"\b{name}\b", text))
        found |= {
            (rule.name, name) for name in re.findall(r'config\["(\w+)"\](?![\["])(?!, )', text) if name in sections
        }
    assert found == WHOLE


def test_every_field_of_settings_is_read_in_its_stage_or_by_a_script(modules, root):
    checked, scripts = 0, [file.read_text("utf-8") for file in (root / "workflow/scripts").glob("*.py")]
    for name, file in modules.items():
        stage = ".".join(name.split(".")[:2])
        texts = scripts + [
            other.read_text("utf-8") for known, other in modules.items() if f"{known}.".startswith(f"{stage}.")
        ]
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef) and node.name.endswith("Settings"):
                for field in [item.target.id for item in node.body if isinstance(item, ast.AnnAssign)]:
                    checked += 1
                    read = any(re.search(rf'\.{field}\b|"{field}"\]|asdict\(settings\)', text) for text in texts)
                    assert read, f"{name}.{node.name}.{field} is read nowhere in its stage"
    assert checked > 60
