"""A sound study passes every check; each fault planted in it fails its own."""

import dataclasses
from itertools import product

import numpy as np
import pandas as pd
import pytest

from ichdag.checks import (
    ChecksSettings,
    audit,
    check_separation,
    compare_with_oracle,
    completeness,
    leakage,
    plausibility,
    read_cards,
    require,
    tabulate,
)
from ichdag.checks.schemas import AUDIT, CHECKS
from ichdag.constants import CLASSIFIERS, FEATURE_SETS
from ichdag.jobs import StudyError
from ichdag.models import ModelCard, write_card
from ichdag.persons import identify_persons
from ichdag.tables import read_table, write_table

DEVELOPMENT = [f"D{number:02d}" for number in range(20)]
EXTERNAL = [f"E{number:02d}" for number in range(8)]
FOLD = {subject: number % 5 for number, subject in enumerate(DEVELOPMENT)}
OUTCOME = "poor_outcome"
DISJOINT = "no fitted object was fitted on a person or a scan that it is scored on"
ONE_SIDE = "no person and no second scan of one is on both sides of a split"


@dataclasses.dataclass
class Study:
    """The tables and cards that the checks read."""

    participants: pd.DataFrame
    folds: pd.DataFrame
    training: pd.DataFrame
    predictions: pd.DataFrame
    cards: dict
    features: pd.DataFrame

    def persons(self):
        return identify_persons(self.participants, features=self.features)

    def audit(self):
        tables = {"folds": self.folds, "training": self.training, "predictions": self.predictions}
        return audit(person_of=self.persons(), **tables, cards=self.cards)

    def findings(self):
        people = {"participants": self.participants, "folds": self.folds, "predictions": self.predictions}
        result = [
            *leakage(**people, training=self.training, cards=self.cards, count=5),
            *check_separation(
                self.audit(), person_of=self.persons(), participants=self.participants, folds=self.folds, count=5
            ),
            *completeness(**people, outcomes=[OUTCOME], count=5),
        ]
        return {finding.check: finding for finding in result}

    def failed(self):
        return [check for check, finding in self.findings().items() if finding.status == "failed"]


@pytest.fixture
def study():
    everybody = [*DEVELOPMENT, *EXTERNAL]
    participants = pd.DataFrame({"subject": everybody, "status": "included", OUTCOME: [0, 1] * 14})
    participants["role"] = ["development"] * 20 + ["external"] * 8
    rows = {"subject": DEVELOPMENT, "fold": list(FOLD.values())}
    folds = pd.DataFrame(rows | {"outcome": OUTCOME})
    cohort = pd.DataFrame({"subject": everybody, "y_true": [0, 1] * 14})
    cohort["fold"] = [*map(str, FOLD.values()), *["external"] * 8]
    models = [
        cohort.assign(outcome=OUTCOME, features=features, classifier=classifier, probability=0.5)
        for features, classifier in product(FEATURE_SETS, CLASSIFIERS)
    ]
    rests = {str(fold): [one for one in DEVELOPMENT if FOLD[one] != fold] for fold in range(5)}
    cards = {f"classification/poor_outcome_{name}": card(DEVELOPMENT, rests) for name in CLASSIFIERS}
    cards |= {"latent/vaegan": card(DEVELOPMENT)}
    cards |= {"segmentation/dual_final": card(DEVELOPMENT), "features/all_final_radiomics": card(DEVELOPMENT)}
    for fold, rest in rests.items():
        cards |= {f"features/{OUTCOME}_{fold}_radiomics": card(rest), f"segmentation/dual_{fold}": card(rest)}
    features = pd.DataFrame({"subject": everybody, "diagnostics_Image-original_Mean": np.arange(28.0)})
    return Study(participants, folds, pd.DataFrame(rows), pd.concat(models, ignore_index=True), cards, features)


def card(subjects, folds=None):
    return ModelCard("a model", {}, list(subjects), folds={fold: list(saw) for fold, saw in (folds or {}).items()})


def test_participants_who_are_one_person_are_counted_by_role_and_warned_of(study):
    check = "every participant of the analysis is another person"
    assert study.findings()[check].status == "passed"
    study.participants["person_id"] = ["x"] * 3 + [None] * 23 + ["y"] * 2
    study.participants.loc[0, "status"] = "excluded"
    result = study.findings()[check]
    assert result.status == "warned" and tabulate([result]).kind[0] == "persons"
    assert result.found.startswith(
        "19 development participants are 18 persons, 8 external participants are 7 persons: "
    )


def test_a_sound_study_passes_every_check(study):
    assert {finding.status for finding in study.findings().values()} == {"passed"}
    assert len(study.findings()) == 13


@pytest.fixture
def repeated(study):
    """The sound study with a second cross-validation in folds 5 to 9, three participants further on."""
    again = {subject: 5 + (number // 3) % 5 for number, subject in enumerate(DEVELOPMENT)}
    study.folds = pd.concat([study.folds, study.folds.assign(fold=study.folds.subject.map(again))], ignore_index=True)
    inside = study.predictions[study.predictions.fold != "external"]
    inside = inside.assign(fold=inside.subject.map(again).astype(str))
    study.predictions = pd.concat([study.predictions, inside], ignore_index=True)
    for fold in range(5, 10):
        rest = [subject for subject in DEVELOPMENT if again[subject] != fold]
        study.cards[f"features/{OUTCOME}_{fold}_radiomics"] = card(rest)
        for name in CLASSIFIERS:
            study.cards[f"classification/poor_outcome_{name}"].folds[str(fold)] = list(rest)
    return study


def test_a_sound_study_with_repeats_passes_every_check(repeated):
    assert repeated.failed() == [] and len(repeated.findings()) == 13
    table = repeated.audit()
    assert len(table[(table.model == "poor_outcome_svm") & (table.fold != "final")]) == 10
    assert table[table.fold == "7"].scored.gt(0).all()


def test_a_participant_in_two_folds_of_a_repeat_is_found(repeated):
    repeated.folds = pd.concat([repeated.folds, pd.DataFrame([{"subject": "D03", "outcome": OUTCOME, "fold": 9}])])
    result = repeated.findings()
    assert result["no participant is in two folds of an outcome"].found.endswith("D03, poor_outcome")
    assert "D03 (poor_outcome, repeat 1)" in result[ONE_SIDE].found


def test_two_participants_of_one_person_parted_in_the_second_repeat_alone_are_found(repeated):
    repeated.participants["person_id"] = [f"p{place}" for place in range(28)]
    repeated.participants.loc[[0, 5], "person_id"] = "one"
    assert FOLD["D00"] == FOLD["D05"]
    assert set(repeated.failed()) == {ONE_SIDE, DISJOINT}
    assert "D00, D05 (poor_outcome, repeat 1)" in repeated.findings()[ONE_SIDE].found


def test_a_fit_of_the_second_repeat_that_saw_its_fold_is_found(repeated):
    repeated.cards["features/poor_outcome_8_radiomics"] = card(DEVELOPMENT)
    repeated.cards["classification/poor_outcome_svm"].folds["6"].append("D03")
    reduction = "no feature reduction was fitted on a participant of its validation fold"
    assert repeated.failed() == [reduction, DISJOINT]
    assert "D03 in classification/poor_outcome_svm, fold 6" in repeated.findings()[DISJOINT].found


def test_a_prediction_outside_the_drawn_fold_of_its_repeat_is_found(repeated):
    wrong = (repeated.predictions.subject == "D02") & (repeated.predictions.fold == "5")
    repeated.predictions.loc[wrong, "fold"] = "8"
    result = repeated.findings()["every out-of-fold prediction is in the fold that was drawn"]
    assert result.status == "failed" and "D02, poor_outcome: fold 8, drawn 5" in result.found


def test_a_participant_whom_a_repeat_lacks_is_found(repeated):
    lacking = (repeated.predictions.subject == "D02") & (repeated.predictions.fold == "5")
    repeated.predictions = repeated.predictions[~lacking]
    assert repeated.failed() == ["every model predicts each participant with a known outcome once in each repeat"]
    repeated.folds = repeated.folds[~((repeated.folds.subject == "D02") & (repeated.folds.fold == 5))]
    assert "every included development participant has a fold for each known outcome" in repeated.failed()


def test_a_participant_in_two_folds_is_found(study):
    study.folds = pd.concat([study.folds, study.folds.iloc[[3]].assign(fold=0)])
    assert "no participant is in two folds of an outcome" in study.failed()


def test_a_participant_in_two_roles_is_found(study):
    study.participants = pd.concat([study.participants, study.participants.iloc[[3]].assign(role="external")])
    assert "no participant is both development and external" in study.failed()


def test_a_participant_predicted_both_ways_is_found(study):
    study.predictions.loc[study.predictions.subject == "E00", "subject"] = "D00"
    assert "no participant is both development and external" in study.failed()


def test_a_prediction_outside_the_drawn_fold_is_found(study):
    study.predictions.loc[study.predictions.subject == "D02", "fold"] = "4"
    assert study.failed() == ["every out-of-fold prediction is in the fold that was drawn", DISJOINT]
    result = study.findings()["every out-of-fold prediction is in the fold that was drawn"].found
    assert "D02, poor_outcome: fold 4, drawn 2" in result


def test_a_prediction_of_somebody_without_a_fold_is_found(study):
    study.folds = study.folds[study.folds.subject != "D02"]
    assert study.failed() == [
        "every out-of-fold prediction is in the fold that was drawn",
        "every included development participant has a fold for each known outcome",
    ]


def test_a_reduction_that_saw_its_validation_fold_is_found(study):
    study.cards["features/poor_outcome_3_radiomics"] = card(DEVELOPMENT)
    assert study.failed() == ["no feature reduction was fitted on a participant of its validation fold", DISJOINT]


def test_a_network_that_saw_its_validation_fold_is_found(study):
    study.cards["segmentation/dual_1"].subjects.append("D01")
    check = "no network was trained on a participant whose mask it draws for the analysis"
    assert study.failed() == [check, DISJOINT]


@pytest.mark.parametrize("name", ["latent/vaegan", "classification/poor_outcome_svm", "segmentation/dual_final"])
def test_a_model_fitted_on_an_external_participant_is_found(study, name):
    study.cards[name].subjects.append("E03")
    assert study.failed() == ["no model was fitted on a participant of an external cohort", DISJOINT]


def test_a_classifier_that_saw_its_validation_fold_is_found_with_the_fold(study):
    study.cards["classification/poor_outcome_svm"].folds["3"].append("D08")
    assert study.failed() == [DISJOINT]
    assert "D08 in classification/poor_outcome_svm, fold 3" in study.findings()[DISJOINT].found


def test_a_classifier_whose_card_does_not_say_whom_a_fold_saw_is_found(study):
    del study.cards["classification/poor_outcome_xgboost"].folds["2"]
    assert study.failed() == [DISJOINT]
    assert "no record of classification/poor_outcome_xgboost, fold 2" in study.findings()[DISJOINT].found


def test_the_audit_has_a_row_for_each_fit_with_the_sizes_of_both_sides(study, tmp_path):
    write_table(study.audit(), tmp_path / "audit.tsv", AUDIT)
    table = read_table(tmp_path / "audit.tsv", AUDIT)
    assert len(table) == 6 * 6 + 5 + 1 + 5 + 1 + 1
    inner = table[(table.stage != "latent") & (table.fold != "final")]
    assert set(inner.fitted) == {16} and set(inner.scored) == {4}
    assert set(table[table.fold == "final"].scored) == {8}
    assert (table.shared == 0).all()


def test_a_person_entered_twice_is_found_on_both_sides(study):
    study.participants["person_id"] = [None] * 28
    study.participants.loc[study.participants.subject.isin(["D03", "D04"]), "person_id"] = "P1"
    assert study.failed() == [ONE_SIDE, DISJOINT]
    assert "D03, D04 (poor_outcome)" in study.findings()[ONE_SIDE].found


def test_one_scan_under_two_names_in_two_cohorts_is_found(study):
    scan = study.features.subject.isin(["D05", "E02"])
    study.features.loc[scan, "diagnostics_Image-original_Mean"] = 5.0
    assert study.failed() == [ONE_SIDE, DISJOINT]
    assert "D05, E02 (roles)" in study.findings()[ONE_SIDE].found


def test_a_person_entered_twice_within_one_fold_is_no_fault(study):
    study.participants["person_id"] = [None] * 28
    study.participants.loc[study.participants.subject.isin(["D03", "D08"]), "person_id"] = "P1"
    assert study.failed() == []


def test_persons_are_joined_over_the_sheet_and_the_scans(study):
    study.participants["person_id"] = [None] * 28
    study.participants.loc[study.participants.subject.isin(["D03", "D08"]), "person_id"] = "P1"
    scan = study.features.subject.isin(["D08", "D13"])
    study.features.loc[scan, "diagnostics_Image-original_Mean"] = 5.0
    people = study.persons()
    assert people["D03"] == people["D08"] == people["D13"] == "D03"
    assert people["D04"] == "D04"


def test_a_participant_who_left_the_study_may_be_on_an_old_card(study):
    study.cards["latent/vaegan"].subjects.append("D99")
    assert study.failed() == []


def test_a_lacking_model_is_found(study):
    predictions = study.predictions
    study.predictions = predictions[(predictions.features != "shape") | (predictions.classifier != "svm")]
    assert study.failed() == ["every outcome has every feature set with every classifier"]


@pytest.mark.parametrize("subject", ["D05", "E05"])
def test_a_lacking_participant_is_found(study, subject):
    study.predictions = study.predictions.drop(index=study.predictions.index[study.predictions.subject == subject][0])
    assert study.failed() == ["every model predicts each participant with a known outcome once"]


def test_an_excluded_participant_in_the_predictions_is_found(study):
    study.participants.loc[4, "status"] = "excluded"
    assert "every model predicts each participant with a known outcome once" in study.failed()


def test_a_missing_outcome_needs_no_prediction(study):
    study.participants = study.participants.astype({OUTCOME: "Int64"})
    study.participants.loc[4, OUTCOME] = pd.NA
    study.predictions = study.predictions[study.predictions.subject != "D04"]
    assert study.failed() == []


def test_an_outcome_that_changed_since_is_found(study):
    study.participants.loc[4, OUTCOME] = 1
    assert study.failed() == ["outcomes in the predictions are those of the cohort table"]


def test_a_lesion_larger_than_a_head_allows_is_found():
    volumes = pd.DataFrame({"subject": ["D00", "D01", "D02"], "status": ["included", "included", "excluded"]})
    volumes["baseline_predicted_ml"] = [20.0, 0.0, 0.0]
    volumes["followup_predicted_ml"] = [900.0, np.nan, np.nan]
    finding = plausibility(volumes=volumes, settings=ChecksSettings(max_lesion_ml=300))[0]
    assert finding.status == "failed"
    assert "D00, followup: 900.0 mL" in finding.found
    assert "D01, baseline: 0.0 mL" in finding.found
    assert "D02" not in finding.found


def auc_rows(best, oracle, high):
    rows = []
    for fold, value in best.items():
        cohort = "YALE" if fold == "external" else "ATACH"
        rows.append((OUTCOME, "shape", "svm", cohort, fold, "auc", value, 1.0))
        rows.append((OUTCOME, "radiomics", "svm", cohort, fold, "auc", 0.4, 1.0))
        if oracle:
            rows.append((OUTCOME, "oracle", "known", cohort, fold, "auc", oracle, high))
    return pd.DataFrame(
        rows, columns=["outcome", "features", "classifier", "cohort", "fold", "metric", "value", "high"]
    )


@pytest.mark.parametrize(
    ("best", "statuses"),
    [
        ({"pooled": 0.79, "external": 0.70}, ["passed", "passed"]),
        ({"pooled": 0.91, "external": 0.70}, ["failed", "passed"]),
        ({"pooled": 0.79, "external": 0.95}, ["failed", "passed"]),
        ({"pooled": 0.45, "external": 0.70}, ["passed", "failed"]),
    ],
)
def test_the_best_model_must_be_above_chance_and_not_above_the_oracle(best, statuses):
    assert [finding.status for finding in compare_with_oracle(metrics=auc_rows(best, oracle=0.8, high=0.9))] == statuses


def test_without_an_oracle_the_truth_is_not_checked():
    assert [finding.status for finding in compare_with_oracle(metrics=auc_rows({"pooled": 0.9}, None, None))] == [
        "skipped"
    ]


def test_a_study_that_leaks_is_refused_and_another_fault_is_only_counted(study, tmp_path):
    study.predictions = study.predictions[study.predictions.features != "shape"]
    write_table(tabulate(study.findings().values()), tmp_path / "checks.tsv", CHECKS)
    assert require(read_table(tmp_path / "checks.tsv", CHECKS)) == {"passed": 12, "failed": 1, "skipped": 0}
    study.cards["latent/vaegan"].subjects.append("E03")
    with pytest.raises(StudyError, match=r"E03 \(external\) in latent/vaegan"):
        require(tabulate(study.findings().values()))


@pytest.fixture
def card_files(tmp_path):
    """The card of a model of each stage on disk, by stage and folder, with names as the stages give them."""
    names = {
        "features/poor_outcome_0_radiomics": "poor_outcome 0 radiomics",
        "features/poor_outcome_1_radiomics": "poor_outcome 1 radiomics",
        "segmentation/dual_0": "dual_0",
        "classification/poor_outcome_svm": "poor_outcome svm",
        "latent/vaegan": "lesion VAE-GAN",
    }
    files = {}
    for number, (folder, name) in enumerate(names.items()):
        files[folder] = tmp_path / f"{number}.json"
        write_card(ModelCard(name, {}, [f"D{number:02d}"]), files[folder])
    return files


def test_every_card_is_known_by_stage_and_folder_wherever_it_lies_and_in_whatever_order(card_files):
    result = read_cards(dict(reversed(card_files.items())))
    assert {name: one.subjects for name, one in result.items()} == {
        "features/poor_outcome_0_radiomics": ["D00"],
        "features/poor_outcome_1_radiomics": ["D01"],
        "segmentation/dual_0": ["D02"],
        "classification/poor_outcome_svm": ["D03"],
        "latent/vaegan": ["D04"],
    }


@pytest.mark.parametrize(
    "other", ["features/poor_outcome_1_radiomics", "segmentation/dual_0", "classification/poor_outcome_svm"]
)
def test_a_card_under_the_name_of_another_model_is_refused(card_files, other):
    first = "features/poor_outcome_0_radiomics"
    card_files[first], card_files[other] = card_files[other], card_files[first]
    with pytest.raises(StudyError, match="should be the card of poor_outcome_0_radiomics and is that of"):
        read_cards(card_files)
