"""Imports run one way: ground, stages, telling."""

import ast
import sys

import pytest

STAGES = [
    *("phantom", "conversion", "cohort", "preprocessing", "segmentation", "radiomics", "latent", "features"),
    *("classification", "evaluation", "statistics", "explanation", "checks", "figures", "report", "prediction"),
    "provenance",
]
TELLING = {"checks", "figures", "report", "provenance"}
SIDEWAYS = {("classification", "features"), ("explanation", "features"), ("report", "figures")}
SIDEWAYS |= {("statistics", "evaluation")}  # the AUCs that are compared are the AUCs that are reported
READERS = {
    "images", "ledger", "arrays", "tables", "records", "models", "pipelines", "jobs",
    "file_errors", "training", "start_cache",  # the ground
    "provenance", "provenance.journal", "provenance.parsed_module", "provenance.version",  # records of jobs, code
    "cohort.sheet", "cohort.spreadsheets", "cohort.validation.config_faults",  # the sheet, the schemas
    "conversion.nifti",
    "conversion.nrrd_header",  # headers of images whose data lie apart
    "conversion.nrrd_integrity",  # packed voxels, for their checksums
    "conversion.dicom.streams", "conversion.dicom.unreadable_files",  # of DICOM, and zips; what is none
    "figures.style", "report.page",  # what is told
    "bundled_files", "prediction.parts",  # captions and checklists, the files of a frozen model
    "radiomics.parameter_parsing",  # the radiomics parameter file
    "phantom.scanner",  # cuts a file short on purpose
}  # fmt: skip
DICTIONARY = "ichdag.report.dictionary"  # the schemas of all stages
LIBRARIES = {"np", "numpy", "nibabel", "h5py", "joblib", "torch", "pickle", "sitk"}
OPENERS = {
    "open",
    "read_csv",
    "to_csv",
    "read_parquet",
    "to_parquet",
    "read_excel",
    "savefig",
    "ReadImage",
    "WriteImage",
}
OPENERS |= {"read_text", "write_text", "read_bytes", "write_bytes", "savez_compressed"}
OPENERS |= {f"{library}.{verb}" for library in LIBRARIES for verb in ("load", "save", "dump", "savez", "File")}


@pytest.fixture(scope="module")
def imports(modules):
    """Which modules of the package each module imports, at its head or within a function."""
    return {name: set(imported(file, modules)) for name, file in modules.items()}


def imported(file, modules):
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative imports hide the room they come from"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name for name in names if name in modules)
            if node.module in modules and any(name not in modules for name in names):
                yield node.module


def room_of(module):
    """The stage of a module, or 'ground'."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in STAGES else "ground"


def is_schemas(module):
    """Whether it describes the tables of a stage, which others may read, rather than computing anything."""
    return module.split(".")[-1] == "schemas"


def test_every_folder_of_the_package_is_a_stage(modules):
    folders = {name.split(".")[1] for name, file in modules.items() if file.parent.name != "ichdag"}
    assert folders <= set(STAGES) and len(folders) >= 12


def test_the_ground_imports_no_stage(imports):
    for module, others in imports.items():
        if room_of(module) == "ground":
            assert {room_of(other) for other in others} <= {"ground"}, (module, others)


def test_stages_import_only_the_ground_and_what_is_allowed_sideways(imports):
    for module, others in imports.items():
        here = room_of(module)
        code = {other for other in others if not is_schemas(other)}
        for there in {room_of(other) for other in code} - {"ground", here}:
            if here in STAGES and here != "prediction" and (here, there) not in SIDEWAYS:
                assert here in TELLING and there not in TELLING | {"prediction"}, f"{module} imports from {there}"


def test_schemas_import_only_the_ground_and_all_of_them_are_imported_only_for_documents(imports, root):
    schemas = {module for module in imports if is_schemas(module)}
    assert len(schemas) >= 12
    for module in schemas:
        assert {room_of(other) for other in imports[module]} <= {"ground"}, module
    files = [*(root / "workflow").rglob("*.py"), *(root / "rules").glob("*.smk"), root / "Snakefile"]
    assert not [module for module, others in imports.items() if DICTIONARY in others]
    assert not [file for file in files if DICTIONARY in file.read_text("utf-8")]


def test_no_imports_run_in_circles(imports):
    done, path = set(), []

    def visit(module):
        assert module not in path, " -> ".join([*path, module])
        if module not in done:
            path.append(module)
            for other in imports[module] - {module}:
                visit(other)
            done.add(path.pop())

    for module in imports:
        visit(module)
    assert len(done) == len(imports) > 40


def test_the_library_knows_nothing_of_snakemake(modules):
    for name, file in modules.items():
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, (ast.Import, ast.ImportFrom)) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(other.split(".")[0] == "snakemake" for other in names), name


def test_files_are_opened_only_by_the_modules_that_are_there_for_it(modules):
    for name, file in modules.items():
        if name.removeprefix("ichdag.") in READERS:
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert not {called, called.split(".")[-1]} & OPENERS, f"{name}, line {node.lineno}: {called}()"


def test_every_package_that_is_imported_is_pinned_and_every_pinned_one_is_imported(modules, root):
    import tomllib

    distributions = {"sklearn": "scikit-learn", "radiomics": "pyradiomics", "yaml": "PyYAML", "xgboost": "xgboost-cpu"}
    distributions |= {"PIL": "pillow", "pywt": "PyWavelets", "jinja2": "Jinja2"}
    distributions["snakemake_interface_logger_plugins"] = "snakemake-interface-logger-plugins"
    found = set()
    files = [*modules.values(), *(root / "workflow").rglob("*.py"), *(root / "docs").glob("*.py")]
    for file in files:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            found |= {name.split(".")[0] for name in names}
    found -= set(sys.stdlib_module_names) | {
        "ichdag",
        "snakemake",
        *(file.stem for file in (root / "workflow").glob("*.py")),
    }
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    pinned = {line.split("==")[0] for line in project["dependencies"]}
    silent = {
        "dcm2niix",
        "pyarrow",
        "snakemake",
        "snakemake-executor-plugin-slurm",
    }  # pandas' parquet, and the workflow itself
    assert {distributions.get(name, name) for name in found} == pinned - silent
