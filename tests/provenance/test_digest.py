"""What makes a result run again: code that can change it, and nothing else; settings in one order."""

import ast
import re
from pathlib import Path

import pytest

from ichdag.provenance import code_digest, definitions_digest, order_settings
from ichdag.provenance.digests import Package
from ichdag.provenance.ledger_status import CODE

ROOT = Path(__file__).parents[2]
TRAINING = "src/ichdag/segmentation/training.py"
AUGMENTATION = "src/ichdag/segmentation/augmentation.py"
# Edits that no result can show: file, what it says, what it says then.
SPELLINGS = [
    ("src/ichdag/columns.py", '"two-sided p"', '"two-sided p-value"'),  # meanings of columns, and a unit
    ("src/ichdag/segmentation/schemas.py", "connected parts of the manual mask", "pieces"),
    ("src/ichdag/segmentation/schemas.py", 'manual lesion volume", "mL"', 'manual lesion volume", "ml"'),
    ("src/ichdag/jobs.py", "%(levelname)s %(message)s", "%(name)s %(message)s"),  # logs
    ("src/ichdag/jobs.py", "logger.setLevel(logging.INFO)", "logger.setLevel(10)"),
    (TRAINING, "is not trained on: no lesion", "is left out: there is no lesion"),
    (TRAINING, "    network.check(grid)\n", "    LOGGER.info(grid)\n    network.check(grid)\n"),
    ("src/ichdag/training.py", "an epoch, {left} left", "each, {left} to go"),
    ("src/ichdag/training.py", "is not finite. ", "is not a number: "),  # texts of errors
    ("src/ichdag/tables.py", "missing cells, none allowed", "cells are empty"),
    ("src/ichdag/models.py", "is not a model card: it lacks", "lacks"),
    (
        "src/ichdag/machine.py",
        '"numpy": ["numpy"],',
        '"numpy": ["numpy"], "safetensors": ["safetensors"],',
    ),  # versions that are noted
    ("src/ichdag/jobs.py", ".partial-{os.getpid()}", ".half-{os.getpid()}"),  # how files are written and found whole
    ("src/ichdag/jobs.py", "errno.EINVAL, errno.ENOTSUP", "errno.EINVAL, errno.ENOTSUP, errno.ENOSYS"),
    ("src/ichdag/file_errors.py", "range(0, size, 2**20)", "range(0, size, 2**21)"),
    (AUGMENTATION, "Gaussian noise of SD", "Noise of SD"),  # a docstring, a comment, layout, an annotation
    (TRAINING, "    torch.manual_seed(seed)\n", "    # every draw\n    (\n    torch.manual_seed(seed,)\n    )\n"),
    ("src/ichdag/training.py", "(count: int, size: int,", "(count: float, size,"),
    ("src/ichdag/report/page.py", "Decision curves", "Curves of decisions"),  # what the report alone says
]


def test_a_word_in_the_meaning_of_a_column_changes_no_digest(tree):
    assert tree.changed_by(SPELLINGS[0]) == set()


def test_edits_that_no_result_can_show_change_no_digest(tree):
    assert tree.changed_by(*SPELLINGS) == {"make_report"}, {edit: tree.changed_by(edit) for edit in SPELLINGS}


def test_a_changed_loss_trains_networks_and_nothing_else(tree):
    file = "src/ichdag/segmentation/losses.py"
    assert tree.changed_by((file, "0.5**level", "0.4**level")) == {"train_network"}


def test_a_constant_counts_where_a_function_that_uses_it_does(tree):
    changed = tree.changed_by(("src/ichdag/segmentation/network.py", "LESION_PRIOR = 0.1", "LESION_PRIOR = 0.2"))
    assert changed == {"train_network", "segment_batch", "choose_cleanup", "extract_latents", "predict_patient"}


def test_a_function_counts_for_those_who_reach_it(tree):
    changed = tree.changed_by(("src/ichdag/statistics/adjustment.py", "~np.isnan(p)", "np.isfinite(p)"))
    assert changed == {"compare_pairs", "compare_patients"}


def test_the_reason_of_an_exclusion_is_a_result(tree):
    changed = tree.changed_by(
        ("src/ichdag/conversion/participant_scans.py", '"manual mask is empty"', '"no lesion in the mask"')
    )
    assert changed == {"convert_scans"}


def test_what_a_stored_pipeline_is_counts_for_those_who_read_one(tree):
    readers = {
        path.stem for path in (ROOT / "workflow/scripts").glob("*.py") if "read_pipeline" in path.read_text("utf-8")
    }
    old, new = '"""\n\n    def __init__(self, *, rank', '"""\n\n    power = 2\n\n    def __init__(self, *, rank'
    changed = tree.changed_by(("src/ichdag/features/reducer.py", old, new))
    assert "reduce_block" in changed and {"train_network", "draw_folds", "measure_performance"}.isdisjoint(changed)
    assert len(readers) >= 5 and readers <= changed


def test_drawing_counts_for_the_rules_that_draw(tree):
    changed = tree.changed_by(("src/ichdag/figures/calibration.py", "def draw_calibration(", "def draw_curve("))
    assert changed == {"draw_curves"}


def rules_with(table):
    """The rules that read or write a file, as the rules files say."""
    found = set()
    for file in (ROOT / "rules").glob("*.smk"):
        for name, body in re.findall(r"^rule (\w+):\n((?:[ \t].*\n|\n)+)", file.read_text("utf-8"), re.M):
            if re.search(table, body):
                found.add(name)
    return found


@pytest.mark.parametrize(
    ("file", "old", "new", "rules"),
    [
        (
            "src/ichdag/cohort/schemas.py",
            'repeat f // folds", low=0',
            'repeat f // folds", low=0, high=99',
            r"(results/cohort|ledger)/folds\.tsv",
        ),
        (
            "src/ichdag/statistics/schemas.py",
            '"corrected t", missing=True',
            '"corrected t", missing=False',
            r"nadeau_bengio\.tsv|in REPORT_TABLES",
        ),
        (
            "src/ichdag/evaluation/schemas.py",
            '"net benefit of treating everybody"',
            '"net benefit of treating everybody", high=1',
            r"evaluation/decision\.tsv",
        ),
    ],
)
def test_the_range_of_a_column_counts_for_those_who_read_or_write_its_table(file, old, new, rules, tree):
    expected = rules_with(rules)
    assert 2 <= len(expected) <= 10
    assert tree.changed_by((file, old, new)) == expected


OF_A_TRAINING = [
    (AUGMENTATION, "torch.cos(angles", "torch.sin(angles"),
    ("src/ichdag/segmentation/losses.py", "squared_pred=True", "squared_pred=False"),
    ("src/ichdag/segmentation/network.py", "LESION_PRIOR = 0.1", "LESION_PRIOR = 0.2"),
    (TRAINING, "network.parameters(), 12.0", "network.parameters(), 6.0"),
    ("src/ichdag/training_loop.py", "epoch += 1", "epoch += 2"),
    ("src/ichdag/training.py", "power: float = 0.9", "power: float = 0.8"),
]
OF_ITS_RESULTS = [
    ("src/ichdag/models.py", "asdict(card) | ", "{} | asdict(card) | "),
    ("src/ichdag/tables.py", '"na_values": ["n/a"]', '"na_values": ["n/a", ""]'),
    (
        "src/ichdag/segmentation/schemas.py",
        'epoch of the training, from 1", low=1',
        'epoch of the training, from 0", low=0',
    ),
    ("src/ichdag/training.py", '"epoch", "term", "value"]', '"epoch", "terms", "value"]'),
]
OF_THE_MACHINE = [
    ("src/ichdag/file_errors.py", "(None, 0, errno.EINVAL)", "(None, 0, errno.EINVAL, errno.ENXIO)"),
    ("src/ichdag/file_errors.py", "TimeoutError, NotADirectoryError", "TimeoutError, IsADirectoryError"),
]
# What decides a model and stands in its script or beside its training: who is trained on, which settings reach what.
OF_WHAT_COMES_OUT = [
    ("networks", TRAINING, '(grids["manual"] == "yes")', '(grids["manual"] != "no")'),
    ("networks", TRAINING, '"seed": settings["seed"],', '"seed": 1,'),
    ("vaegan", "src/ichdag/segmentation/inference.py", "np.rint(probability * 255)", "np.floor(probability * 255)"),
]


@pytest.mark.parametrize("edit", OF_A_TRAINING, ids=lambda edit: edit[0])
def test_a_checkpoint_belongs_to_the_code_of_network_loss_augmentation_and_loop(edit, tree):
    name = "ichdag.segmentation.training.train_network"
    before = tree.digest_of(name)
    with tree.edited(edit):
        assert tree.digest_of(name) != before


def test_a_checkpoint_does_not_belong_to_how_cards_and_tables_are_read_and_written(tree):
    name = "ichdag.segmentation.training.train_network"
    before = tree.digest_of(name)
    with tree.edited(*OF_ITS_RESULTS):
        assert tree.digest_of(name) == before
        assert tree.digests()["train_network"] != tree.before["train_network"]


@pytest.mark.parametrize("model", CODE)
def test_how_faults_of_the_machine_are_told_trains_nothing_anew(model, tree):
    before = tree.digest_of(*CODE[model])
    with tree.edited(*OF_THE_MACHINE):
        assert tree.digest_of(*CODE[model]) == before
        assert tree.digests()["train_network"] == tree.before["train_network"]


@pytest.mark.parametrize(("model", "file", "old", "new"), OF_WHAT_COMES_OUT)
def test_a_model_stands_by_all_code_that_decides_what_comes_out(model, file, old, new, tree):
    before = tree.digest_of(*CODE[model])
    with tree.edited((file, old, new)):
        assert tree.digest_of(*CODE[model]) != before


def test_a_checkpoint_belongs_to_no_definition_that_is_not_there():
    with pytest.raises(ValueError, match="ichdag.segmentation.training.train_nothing; it may have been renamed"):
        definitions_digest("ichdag.segmentation.training.train_nothing")


def test_the_copy_of_a_checkout_has_its_digests(tree):
    script = ROOT / "workflow/scripts/train_network.py"
    assert code_digest(script) == tree.before["train_network"] == Package().digest_of_script(script)
    assert definitions_digest("ichdag.constants.ROLES") == tree.digest_of("ichdag.constants.ROLES")


def test_errors_that_end_a_job_count_by_their_kind_and_not_by_what_they_say(digest_in):
    jobs = "class StudyError(Exception):\n    pass"
    cut = "class Cut(StudyError):\n    def __init__(self, path):\n        super().__init__(f'{path} is CUT')\n"
    texts = [f"from ichdag.jobs import StudyError\n{cut}def g(x): raise Cut(WHERE)"] * 4
    texts[1] = texts[1].replace("is CUT", "was cut short")
    texts[2] = texts[2].replace("WHERE", "f'the file {x}'")
    texts[3] = texts[3].replace("raise Cut", "raise StudyError")
    digests = [digest_in("from ichdag.b import g\ng", package="ichdag", jobs=jobs, b=text) for text in texts]
    assert digests[0] == digests[1] == digests[2] != digests[3]


def test_no_code_reads_what_the_digest_leaves_out():
    told = re.compile(r"get_type_hints|__annotations__|__doc__|singledispatch|\binspect\b")
    files = [*(ROOT / "src").rglob("*.py"), *(ROOT / "workflow/scripts").glob("*.py")]
    assert len(files) > 200 and not [file for file in files if told.search(file.read_text("utf-8"))]


def test_the_text_of_an_error_that_ends_a_job_goes_nowhere_but_into_another():
    found = set()
    for file in [*(ROOT / "src").rglob("*.py"), *(ROOT / "workflow/scripts").glob("*.py")]:
        for handler in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(handler, ast.ExceptHandler) and handler.name and "StudyError" in ast.unparse(handler.type):
                raised = [node for node in ast.walk(handler) if isinstance(node, ast.Raise)]
                handed_on = {id(node) for error in raised for node in ast.walk(error)}
                used = [node for node in ast.walk(handler) if isinstance(node, ast.Name) and node.id == handler.name]
                found |= {file.parent.name} if {id(node) for node in used} - handed_on else set()
    assert found <= {"validation", "prediction"}  # of the settings and of a spoiled model, before any job


def test_settings_stand_in_the_order_of_the_shipped_file_whatever_an_overlay_names_first(tmp_path):
    (tmp_path / "config.yaml").write_text("a: 1\nstage: {one: 1, two: {x: 1, y: 2}}\noutcomes: {death: mrs == 6}\n")
    config = {
        "stage": {"two": {"y": 3, "x": 1}, "one": 1},
        "outcomes": {"mine": "mrs > 4", "death": "mrs == 6"},
        "a": 1,
    }
    order_settings(config, like=tmp_path / "config.yaml")
    assert str(config) == str(
        {"a": 1, "stage": {"one": 1, "two": {"x": 1, "y": 3}}, "outcomes": {"death": "mrs == 6", "mine": "mrs > 4"}}
    )
