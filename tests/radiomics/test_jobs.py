"""The job of one patient starts fast; a default study does nothing that is off."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from ichdag.records import count_reasons

ROOT = Path(__file__).parents[2]
SLOW = ("torch", "monai", "pandas", "sklearn", "matplotlib", "xgboost", "pingouin")


@pytest.mark.parametrize("script", ["extract_radiomics", "describe_radiomics", "repeat_radiomics"])
def test_a_job_imports_neither_torch_nor_monai_nor_other_slow_packages(script):
    tree = ast.parse((ROOT / f"workflow/scripts/{script}.py").read_text())
    lines = [ast.unparse(node) for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    asked = f"import sys; print([name for name in {SLOW} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", "\n".join([*lines, asked])],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=ROOT / "src",
    )
    assert done.returncode == 0, done.stderr
    assert len(lines) >= 3 and done.stdout.strip() == "[]"


def test_repeatability_is_off_as_shipped_and_asked_for_only_where_it_is_on():
    import yaml

    assert yaml.safe_load((ROOT / "config/config.yaml").read_text())["radiomics"]["repeatability"]["repeats"] == 0
    asking = [
        f"{file.name}: {line.strip()}"
        for file in [ROOT / "Snakefile", *(ROOT / "rules").glob("*.smk")]
        for line in file.read_text().splitlines()
        if "results/radiomics/repeatability" in line and "output" not in line
    ]
    conditions = ('if REPEATABILITY["repeats"] else []', "then=", "Reads", "results/radiomics/repeatability/{outcome}")
    assert asking and all(any(condition in line for condition in conditions) for line in asking)


def test_reasons_are_counted_in_words():
    assert count_reasons({}) is None
    assert count_reasons({"a": "flat", "b": "single", "c": "flat"}) == "flat (2); single (1)"
