"""What a release needs: a citation that tools can read, an entry in the catalog, and a version that stands nowhere."""

import re
import tomllib

import jsonschema
import pytest
import yaml

from ichdag.cohort.validation.renamed_settings import RENAMED

TEXT = {"type": "string", "minLength": 1}
# Of the schema of the Citation File Format 1.2.0 what this project's file may use.
CITATION = {
    "type": "object",
    "additionalProperties": False,
    "required": ["authors", "cff-version", "message", "title"],
    "properties": {
        "cff-version": {"const": "1.2.0"},
        "message": TEXT,
        "title": TEXT,
        "abstract": TEXT,
        "type": {"enum": ["dataset", "software"]},
        "license": {"const": "MIT"},
        "keywords": {"type": "array", "minItems": 1, "uniqueItems": True, "items": TEXT},
        "doi": {"type": "string", "pattern": r"^10\.\d{4,9}(\.\d+)?/[A-Za-z0-9:/_;\-\.\(\)\[\]\\]+$"},
        "repository-code": {"type": "string", "pattern": "^(https|http|ftp|sftp)://.+"},
        "date-released": {"type": "string", "pattern": r"^\d{4}-(0[1-9]|1[012])-(0[1-9]|[12]\d|3[01])$"},
        "version": {"type": ["string", "number"]},
        "authors": {
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {
                "anyOf": [
                    {"additionalProperties": False, "required": ["name"], "properties": {"name": TEXT}},
                    {
                        "additionalProperties": False,
                        "required": ["family-names", "given-names"],
                        "properties": {"family-names": TEXT, "given-names": TEXT, "orcid": TEXT, "affiliation": TEXT},
                    },
                ]
            },
        },
    },
}


@pytest.fixture(scope="module")
def project(root):
    """The metadata of the package."""
    return tomllib.loads((root / "pyproject.toml").read_text("utf-8"))


def read_yaml(file):
    """A YAML file whose dates are texts, as the schema has them."""
    return yaml.load(file.read_text("utf-8"), yaml.BaseLoader)


def test_the_citation_is_valid_and_names_the_license_holder(root):
    citation = read_yaml(root / "CITATION.cff")
    jsonschema.validate(citation, CITATION)
    holder = re.search(r"^Copyright \(c\) \d+ (.+)$", (root / "LICENSE").read_text("utf-8"), re.M)[1]
    assert [author["name"] for author in citation["authors"]] == [holder]


def test_the_version_follows_from_tags_and_is_written_in_no_file(project, root):
    assert "version" not in project["project"] and project["project"]["dynamic"] == ["version"]
    assert any(package.startswith("setuptools-scm") for package in project["build-system"]["requires"])
    assert not any("setuptools-scm" in package for package in project["project"]["dependencies"])
    assert "version" not in read_yaml(root / "CITATION.cff")


def test_the_newest_section_of_the_changelog_is_a_version(root):
    sections = re.findall(r"^## (.+)$", (root / "CHANGELOG.md").read_text("utf-8"), re.M)
    assert re.fullmatch(r"\d+\.\d+\.\d+( \((unreleased|\d{4}-\d\d-\d\d)\))", sections[0])


def test_every_renamed_setting_is_in_the_changelog_with_its_new_name(root):
    text = (root / "CHANGELOG.md").read_text("utf-8")
    for old, new in RENAMED.items():
        assert f"| `{old}` | `{new}` |" in text, f"add | `{old}` | `{new}` | under Configuration"


def test_the_catalog_is_told_what_the_workflow_supports(root):
    usage = read_yaml(root / ".snakemake-workflow-catalog.yml")["usage"]
    assert set(usage) == {"mandatory-flags", "software-stack-deployment", "report"}
    assert set(usage["mandatory-flags"]) == {"desc", "flags"} and usage["report"] == "true"
    assert usage["software-stack-deployment"]["conda"] == "true" and list((root / "envs").glob("*.yaml"))
    assert (root / "config/README.md").is_file()


def test_the_public_host_runs_the_same_checks_with_pinned_actions(root):
    workflow = read_yaml(root / ".github/workflows/ci.yml")
    assert set(workflow["on"]) == {"push", "pull_request"}
    (job,) = workflow["jobs"].values()
    assert job["timeout-minutes"] == "75"
    actions = [step["uses"] for step in job["steps"] if "uses" in step]
    assert actions and all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action) for action in actions)
    assert any(re.search(r"\.ci/run\b", step.get("run", "")) for step in job["steps"])
