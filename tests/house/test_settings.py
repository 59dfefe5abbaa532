"""Configuration, schemas and their table say the same."""

import importlib.util
import json

import pytest
import yaml
from snakemake.utils import update_config

from ichdag.cohort.validation import config_faults


@pytest.fixture(scope="module")
def documents(root):
    """The module that writes the generated documents."""
    spec = importlib.util.spec_from_file_location("generate", root / "docs" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def paper(root):
    """The settings of the paper."""
    return yaml.safe_load((root / "config" / "config.yaml").read_text("utf-8"))


def overlays(root):
    """Every configuration that overlays the paper's."""
    files = [*(root / "config").glob("*.yaml"), *(root / "config" / "controls").glob("*.yaml")]
    return [file for file in files if file.name not in ("config.yaml", "radiomics.yaml")]


def keys_of(config, prefix=""):
    """Dotted keys of every value that is not a section."""
    for key, value in config.items():
        if isinstance(value, dict):
            yield from keys_of(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


def test_the_settings_of_the_paper_are_valid(paper):
    assert [str(fault) for fault in config_faults(paper)] == []


def test_overlays_name_only_settings_that_exist_and_are_valid_once_merged(paper, root):
    files = overlays(root)
    assert "demo.yaml" in {file.name for file in files}
    for file in files:
        overlay = yaml.safe_load(file.read_text("utf-8"))
        strangers = {key for key in keys_of(overlay) if not key.startswith("outcomes.")} - set(keys_of(paper))
        assert not strangers, f"{file.name} sets {', '.join(sorted(strangers))}, which config.yaml does not have"
        merged = json.loads(json.dumps(paper))
        update_config(merged, overlay)
        assert [str(fault) for fault in config_faults(merged)] == [], file.name


def test_the_demo_changes_sizes_and_nothing_else(root):
    overlay = yaml.safe_load((root / "config" / "demo.yaml").read_text("utf-8"))
    method = {"seed", "outcomes", "statistics.alpha", "statistics.reference", "classification.tuning"}
    method |= {"segmentation.masks", "segmentation.retrain", "cohort.volumes", "features.init"}
    assert not method & (set(keys_of(overlay)) | set(overlay))


def test_every_setting_has_a_schema_and_every_schema_a_setting(documents, paper):
    known = {key for key, _ in documents.settings()}
    for key in known:
        assert documents.value_at(paper, key) is not None, f"{key} has a schema and no value in config.yaml"
    for key in keys_of(paper):
        assert any(key == name or key.startswith(f"{name}.") for name in known), f"{key} has no schema"
    assert len(known) > 80


def test_every_setting_is_described_and_has_a_kind(documents):
    for key, schema in documents.settings():
        assert schema.get("description", "").strip(), f"{key} has no description"
        assert documents.kind_of(schema) != "any", f"{key} has no type"


def test_schemas_refuse_keys_they_do_not_know_and_ask_for_all_others(root):
    def sections(schema):
        if "properties" in schema:
            yield schema
            for item in schema["properties"].values():
                yield from sections(item)

    for file in (root / "config" / "schemas").glob("*.schema.json"):
        if file.name == "participants.schema.json":
            continue  # the sheet: users' own columns are welcome
        for section in sections(json.loads(file.read_text("utf-8"))):
            assert section["additionalProperties"] is False, file.name
            assert set(section["required"]) == set(section["properties"]), file.name


def test_a_misspelled_key_and_a_value_out_of_range_are_both_named(paper):
    faults = " ".join(map(str, config_faults(paper | {"folds": 1, "sede": 1})))
    assert "folds" in faults and "sede" in faults


def test_generated_documents_are_in_step(documents):
    for path, text in documents.documents().items():
        assert path.is_file() and path.read_text("utf-8") == text, f"{path.name}: run 'make docs'"
