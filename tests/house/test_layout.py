"""One stage, one word, everywhere; files that can be read in one go."""

import ast
import re

import pytest

LONGEST_MODULE, LONGEST_FUNCTION, LONGEST_SCRIPT = 250, 40, 30


def test_every_stage_has_its_rules_its_module_and_its_tests(rule_files, modules, root):
    stages = {file.stem for file in rule_files} - {"common"}
    assert len(stages) >= 13
    for stage in stages:
        assert f"ichdag.{stage}" in modules, f"no module for the stage {stage}"
        tests = list((root / "tests" / stage).glob("test_*.py"))
        assert tests, f"no tests for the stage {stage}"


def test_modules_and_functions_are_short_enough_to_be_read(modules):
    for name, file in modules.items():
        text = file.read_text("utf-8")
        assert len(text.splitlines()) <= LONGEST_MODULE, f"{name}: {len(text.splitlines())} lines"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                length = node.end_lineno - node.lineno + 1
                assert length <= LONGEST_FUNCTION, f"{name}.{node.name}: {length} lines"


def test_a_script_reads_calls_and_writes_in_thirty_lines_without_functions(root):
    scripts = sorted((root / "workflow/scripts").glob("*.py"))
    assert len(scripts) > 40
    for script in scripts:
        text = script.read_text("utf-8")
        tree = ast.parse(text)
        assert len(text.splitlines()) <= LONGEST_SCRIPT, script.name
        assert ast.get_docstring(tree), f"{script.name} has no docstring"
        assert not any(isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Lambda)) for node in ast.walk(tree))
        assert "snakemake.config" not in text, f"{script.name}: settings come as params"
        assert re.search(r"^(\w+ = )?start_job_log\(snakemake\)$", text, re.M), f"{script.name} does not start its log"
        assert not re.search(r"\b(argparse|click|print\()", text), script.name


def test_public_functions_are_typed_and_described(modules):
    for name, file in modules.items():
        tree = ast.parse(file.read_text("utf-8"))
        assert ast.get_docstring(tree), f"{name} has no docstring"
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                assert ast.get_docstring(node), f"{name}.{node.name} has no docstring"
                assert node.returns is not None, f"{name}.{node.name} does not say what it returns"


def test_settings_classes_are_frozen_and_hold_no_defaults(modules):
    found = 0
    for name, file in modules.items():
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef) and node.name.endswith("Settings"):
                found += 1
                assert any("frozen=True" in ast.unparse(item) for item in node.decorator_list), f"{name}.{node.name}"
                fields = [item for item in node.body if isinstance(item, ast.AnnAssign)]
                assert all(item.value is None for item in fields), (
                    f"{name}.{node.name} has defaults: config.yaml has them"
                )
    assert found >= 8


def test_no_assert_guards_a_result(modules):
    for name, file in modules.items():
        assert not any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(file.read_text("utf-8")))), name


def test_no_number_is_printed_with_fewer_digits_than_it_may_need(modules, root):
    """`g` writes 1000001 as 1e+06, `format_plain` does not; those that are allowed have few digits or are DICOM's."""
    allowed = {
        "src/ichdag/conversion/dicom/deidentified_copies.py": 4,
        "src/ichdag/tables.py": 1,
        "workflow/cluster/check.py": 1,
        "workflow/progress/snakemake_logger_plugin_plan/__init__.py": 1,
        "workflow/scripts/draw_phantom_cohort.py": 1,
    }
    files = [*modules.values(), *(root / "workflow").rglob("*.py"), *(root / "docs").glob("*.py")]
    for file in map(str, sorted({file.relative_to(root) for file in files})):
        count = len(re.findall(r":(?:\.\d+)?[gG]\}|%(?:\.\d+)?[gG]\b", (root / file).read_text("utf-8")))
        assert count == allowed.get(file, 0), f"{file}: write format_plain(value)"


def test_scientific_assumptions_are_marked(modules):
    assumptions = [name for name, file in modules.items() for _ in re.findall(r"\bASSUME: ", file.read_text("utf-8"))]
    rooms = {name.split(".")[1] for name in assumptions}
    assert len(assumptions) >= 10
    assert rooms >= {"cohort", "segmentation", "latent", "features", "classification", "evaluation", "statistics"}


@pytest.mark.parametrize("word", ["haematoma", "haemorrhage", "oedema", "grey", "colour", "centre", "analyse"])
def test_spelling_is_american(word, modules, root):
    files = [
        *modules.values(),
        *(root / "rules").glob("*.smk"),
        *(root / "workflow").rglob("*.rst"),
        *root.glob("*.md"),
    ]
    for file in [*files, *(root / "config").rglob("*.*"), *(root / "docs").glob("*.md")]:
        assert not re.search(rf"\b{word}", file.read_text("utf-8"), re.I), file
