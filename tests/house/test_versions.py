"""pyproject.toml, the lock and the environments of the stages pin the same versions."""

import ast
import re
import subprocess
import sys
import tomllib
import zipfile

import pytest
import yaml

CONDA_NAMES = {"torch": "pytorch", "xgboost-cpu": "py-xgboost-cpu", "matplotlib": "matplotlib-base"}
IMPORTED_AS = {
    "sklearn": "scikit-learn", "xgboost": "py-xgboost-cpu", "matplotlib": "matplotlib-base", "torch": "pytorch",
    "radiomics": "c-compiler", "SimpleITK": "simpleitk", "PIL": "pillow", "pywt": "pywavelets",
}  # fmt: skip


def pins_of(path):
    """The pinned packages of a file, by name, each with its version and hashes."""
    text = re.sub(r"^#.*\n", "", path.read_text("utf-8"), flags=re.M).replace("\\\n", " ")
    found = {}
    for line in text.splitlines():
        pin, *hashes = line.split()
        name, version = pin.split("==")
        found[name] = (version, [one.removeprefix("--hash=sha256:") for one in hashes])
    return found


@pytest.fixture(scope="module")
def lock(root):
    """Every pinned package, by its name in lower case."""
    files = [pins_of(root / "requirements" / name) for name in ("lock.txt", "torch.txt")]
    return {name.lower(): version for pins in files for name, (version, _) in pins.items()}


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
    pins = {name: version for name, (version, _) in pins_of(root / "requirements/build.txt").items()}
    assert {"numpy", "setuptools"} <= set(pins)
    assert all(lock.get(name, version) == version for name, version in pins.items())
    assert int(pins["setuptools"].split(".")[0]) < 81


@pytest.mark.parametrize("name", ["lock.txt", "build.txt"])
def test_every_locked_package_but_torch_has_the_hashes_of_its_files(root, name):
    for package, (_, hashes) in pins_of(root / "requirements" / name).items():
        assert hashes and all(re.fullmatch("[0-9a-f]{64}", one) for one in hashes), package
    assert list(pins_of(root / "requirements/torch.txt")) == ["torch"]


def test_pip_refuses_a_file_that_is_not_the_one_that_was_locked(tmp_path):
    """As install.sh calls it: what an index was made to offer in a package's place is not installed."""
    wheel = tmp_path / "docopt-0.6.2-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("docopt.py", "planted")
        archive.writestr("docopt-0.6.2.dist-info/METADATA", "Metadata-Version: 2.1\nName: docopt\nVersion: 0.6.2\n")
        archive.writestr("docopt-0.6.2.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("docopt-0.6.2.dist-info/RECORD", "")
    (tmp_path / "lock.txt").write_text("docopt==0.6.2 --hash=sha256:" + "0" * 64)
    command = [sys.executable, "-m", "pip", "install", "--require-hashes", "--no-deps", "--no-index", "--find-links"]
    command += [tmp_path, "--target", tmp_path / "made", "-r", tmp_path / "lock.txt"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode and "DO NOT MATCH THE HASHES" in done.stderr and not (tmp_path / "made").exists()


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
