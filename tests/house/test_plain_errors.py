"""Faults of a study are told in its own words, and settings whose aliases multiply are refused at once."""

import sys
from subprocess import CalledProcessError
from types import SimpleNamespace

import pytest
import yaml
from snakemake import exceptions
from snakemake.exceptions import InputFunctionException, RuleException, WorkflowError
from snakemake.settings import types

from ichdag.file_errors import DamagedResult
from ichdag.jobs import StudyError
from ichdag.records import read_yaml
from ichdag.yaml_limits import MAX_VALUES, check_settings_size

RULE = SimpleNamespace(lineno=3, snakefile="Snakefile", name="check", workflow=SimpleNamespace(linemaps={}))


@pytest.fixture
def told(root, monkeypatch):
    """What a process of Snakemake prints of an exception, once it tells faults plainly."""
    monkeypatch.setattr(sys, "path", [str(root / "workflow"), *sys.path])
    for module, name in ((exceptions, "format_exception_to_string"), (types, "load_configfile")):
        monkeypatch.setattr(module, name, getattr(module, name))
    from plain_errors import print_plain_errors

    print_plain_errors()
    print_plain_errors()  # by the plug-in and by the Snakefile
    return exceptions.format_exception_to_string


def raised(make, cause):
    """An exception as it is after it was raised while another one was handled."""
    try:
        try:
            raise cause
        except Exception as error:
            raise make(error)  # noqa: B904
    except Exception as error:
        return error


@pytest.mark.parametrize(
    "fault",
    [StudyError("1 fault in the sheet\nno.  where"), DamagedResult("a.tsv", "it lacks age")],
    ids=["sheet", "result"],
)
def test_a_fault_of_the_study_is_its_words_whatever_stands_around_it(told, fault):
    within = raised(lambda error: InputFunctionException(error, rule=RULE, wildcards={"subject": "1"}), fault)
    assert told(within) == told(fault) == told(raised(WorkflowError, fault)) == str(fault)


def test_a_job_that_failed_points_to_its_log(told):
    failed = raised(
        lambda error: RuleException(f"CalledProcessError in file cohort.smk: {error}"), CalledProcessError(1, "x")
    )
    assert told(failed) == "The job failed: its log says why, and what to do."


def test_what_is_no_fault_of_a_study_is_told_as_snakemake_does(told):
    assert "ZeroDivisionError" in told(
        raised(lambda error: InputFunctionException(error, rule=RULE, wildcards={}), ZeroDivisionError())
    )


def multiplied(kind, depth):
    """YAML of nine aliases a level: 9 ** depth values in as many lines."""

    def level(inner):
        return (
            f"[{', '.join([inner] * 9)}]" if kind == "list" else f"{{{', '.join(f'k{i}: {inner}' for i in range(9))}}}"
        )

    return "".join(f"a{n}: &a{n} {level(f'*a{n - 1}' if n else '1')}\n" for n in range(depth))


def merged(depth):
    """YAML of nine aliases a level in a merge key, which multiply while the values are made."""
    lines = [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}], k{n}: 1}}\n" for n in range(1, depth)]
    return "".join(["a0: &a0 {k: 1}\n", *lines])


@pytest.mark.parametrize(
    "content",
    [
        *(multiplied("list", 12), multiplied("map", 12), "a: &a [*a]\n", "a: &a {b: *a}\n"),
        *(merged(12), "a: &a {<<: *a, b: 1}\n", "? &a [*a]\n: 1\n"),
    ],
)
def test_settings_that_multiply_are_refused_before_snakemake_copies_them(told, tmp_path, content):
    path = tmp_path / "config.yaml"
    path.write_text(content)
    with pytest.raises(StudyError, match=f"{path} holds more than {MAX_VALUES} values, or one within itself"):
        types.load_configfile(path)
    with pytest.raises(StudyError, match="write the values themselves"):
        read_yaml(path)


@pytest.mark.parametrize(
    "content, why",
    [
        (b"a: [1\n", "not valid JSON or YAML"),
        (b"a: \xff\n", "invalid start byte"),
        (b"- a\n", "keys at top level"),
        (b"__use_yte__: true\n?f'{open(__file__)}': 1\n", "a template that runs code"),
        (b'"\\x5f_use_yte__": true\n"?1": 1\n', "a template that runs code"),
        (b"a: 1" + b":59" * 3000, "a number of more than 100 characters"),
        (b"a: 0x" + b"f" * 9000, "a number of more than 100 characters"),
        (b'{"a": ' + b"9" * 9000 + b"}", "a number of more than 100 characters"),
        (b"a: 1\n" * 200_000, "1000000 bytes, and settings have at most 500000"),
        (b"a: " + b"[" * 5000, "nests deeper than settings do"),
    ],
)
def test_settings_that_cannot_be_read_are_named(told, tmp_path, content, why):
    (tmp_path / "config.yaml").write_bytes(content)
    with pytest.raises(StudyError, match=f"{tmp_path / 'config.yaml'}.*{why}"):
        types.load_configfile(tmp_path / "config.yaml")
    with pytest.raises(StudyError, match="none.yaml cannot be read"):
        types.load_configfile(tmp_path / "none.yaml")


def test_a_number_that_is_too_long_to_be_written_down_is_refused_wherever_it_comes_from():
    with pytest.raises(StudyError, match="The configuration holds a number of more than 100 characters"):
        check_settings_size({"a": [10**5000]}, "The configuration")


def test_settings_that_name_a_value_twice_are_read(told, root, tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("a: &a [1, 2]\nb: *a\nc: &c {d: 1}\ne: {<<: *c, f: 2}\n")
    assert types.load_configfile(path) == {"a": [1, 2], "b": [1, 2], "c": {"d": 1}, "e": {"d": 1, "f": 2}}
    shipped = yaml.safe_load((root / "config" / "config.yaml").read_text())
    assert check_settings_size(shipped, "config.yaml") is shipped
