"""pyproject.toml, the lock and the environments of the stages pin the same versions."""

import ast
import re
import tomllib

import pytest
import yaml

CONDA_NAMES = {"torch": "pytorch", "xgboost-cpu": "py-xgboost-cpu", "matplotlib": "matplotlib-base"}
IMPORTED_AS = {
    "sklearn": "scikit-learn", "xgboost": "py-xgboost-cpu", "matplotlib": "matplotlib-base", "torch": "pytorch",
    "radiomics": "c-compiler", "SimpleITK": "simpleitk", "PIL": "pillow", "pywt": "pywavelets",
}  # fmt: skip


@pytest.fixture(scope="module")
def lock(root):
    """Every pinned package, by its name in lower case."""
    lines = (root / "requirements/lock.txt").read_text("utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    return {name.lower(): version for name, version in pins.items()}


@pytest.fixture(scope="module")
def environments(root):
    """The conda environments: name, then package and version."""
    found = {}
    for file in sorted((root / "envs").glob("*.yaml")):
        packages = [line.partition("=") for line in yaml.safe_load(file.read_text("utf-8"))["dependencies"]]
        found[file.stem] = {name: version for name, _, version in packages}
    return found


def test_the_lock_pins_what_pyproject_pins(lock, root):
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    pins = project["dependencies"] + project["optional-dependencies"]["development"]
    assert len(pins) > 25
    for pin in pins:
        name, version = pin.split("==")
        assert lock[name.lower()] == version, pin


def test_what_pyradiomics_is_built_with_is_what_the_lock_pins(lock, root):
    lines = (root / "requirements/build.txt").read_text("utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    assert {"numpy", "setuptools"} <= set(pins)
    assert all(lock.get(name, version) == version for name, version in pins.items())
    assert int(pins["setuptools"].split(".")[0]) < 81


def test_environments_pin_what_the_lock_pins(lock, environments):
    assert set(environments) == {
        "workflow",
        "conversion",
        "imaging",
        "radiomics",
        "deep",
        "pages",
        "statistics",
        "prediction",
    }
    names = {CONDA_NAMES.get(name, name): version for name, version in lock.items()}
    for environment, packages in environments.items():
        for name, version in packages.items():
            if name not in ("python", "pip", "wheel", "c-compiler"):
                assert names.get(name) == version, f"envs/{environment}.yaml: {name}={version}"


def test_all_environments_have_one_python_and_no_channel_by_default(environments, root):
    assert len({packages["python"] for packages in environments.values()}) == 1
    for file in (root / "envs").glob("*.yaml"):
        channels = yaml.safe_load(file.read_text("utf-8"))["channels"]
        assert channels[0] == "conda-forge" and channels[-1] == "nodefaults"
        assert ("bioconda" in channels) == (file.stem == "workflow"), "Snakemake alone is on bioconda"


def test_environments_with_pyradiomics_compile_the_version_of_the_lock(lock, environments, root):
    with_compiler = {name for name, packages in environments.items() if "c-compiler" in packages}
    scripts = {file.name.split(".")[0]: file for file in (root / "envs").glob("*.post-deploy.sh")}
    assert set(scripts) == with_compiler == {"radiomics", "prediction"}
    for file in scripts.values():
        assert f"pyradiomics=={lock['pyradiomics']}" in file.read_text("utf-8")


def test_a_rule_s_environment_has_what_its_script_imports(rules, environments, root, modules):
    def imported(file, seen):
        """Packages imported at the head of a script and of the modules it imports."""
        seen.add(file)
        for node in ast.parse(file.read_text("utf-8")).body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            for name in names:
                if name in modules and modules[name] not in seen:
                    yield from imported(modules[name], seen)
            yield from (name.split(".")[0] for name in names[:1])

    import sys

    checked = 0
    for rule in rules:
        environment = re.search(r"envs/(\w+)\.yaml", rule.directives.get("conda", ""))
        if environment:
            packages = set(imported(root / f"workflow/scripts/{rule.name}.py", set()))
            packages -= set(sys.stdlib_module_names) | {"ichdag"}
            missing = {IMPORTED_AS.get(name, name) for name in packages} - set(environments[environment[1]])
            assert not missing, f"{rule.name} imports {', '.join(sorted(missing))}, not in envs/{environment[1]}.yaml"
            checked += 1
    assert checked > 40
