"""What a job reads is declared by its rule, and told apart by names: not by order, and not by the words of a path."""

import ast
import io
import re
import tokenize

import pytest
from snakemake.io import expand

TAKEN_APART = {"parts", "parent", "parents", "stem", "name", "suffix", "with_name", "with_stem", "with_suffix"}
HAND_ON = {"enumerate", "dict", "list", "sorted", "reversed", "map", "Path", "files_under"}
TAKEN_APART |= {"split", "rsplit", "partition", "rpartition"}
# Scripts that are still to be changed.
BY_POSITION: set[str] = set()
BY_PATH = {"predict_patient"}  # a model is a folder
# Whose own files, or files outside the study, lie beside one that they are given: a partial file, a checkpoint kept
# before, the links of a store, the seal of a table, the parts of a model, the folder of a sheet, the data of a header.
BESIDE = {"arrays", "jobs", "ledger", "models", "bundled_files", "training", "radiomics.parameters"}
BESIDE |= {"cohort.sheet", "conversion.nifti", "conversion.fingerprint", "conversion.dicom.dicom_files"}
BESIDE |= {
    "conversion.dicom.decoding",
    "conversion.dicom.headers",
    "conversion.dicom.unreadable_files",
    "conversion.nrrd_header",
}  # files of one original
BESIDE |= {"start_cache"}  # the code beside it, and the folder of its own cache
BESIDE |= {"cohort.validation.config_faults", "file_errors"}  # file_errors says which folder a damaged result lies in


@pytest.fixture(scope="module")
def scripts(root):
    """The parsed scripts by name."""
    return {file.stem: ast.parse(file.read_text("utf-8")) for file in (root / "workflow/scripts").glob("*.py")}


def unwrapped(node):
    """What a loop goes over, without the calls that hand on its items as they are; a reader's result is no path."""
    while isinstance(node, ast.Call):
        called = node.func
        if isinstance(called, ast.Attribute) and called.attr in {"items", "values", "keys", "iterdir"}:
            node = called.value
        elif ast.unparse(called) in HAND_ON:
            node = node.args[1 if ast.unparse(called) == "map" else 0]
        else:
            return node
    return node


def standing_for(kinds, tree):
    """A test whether an expression speaks of snakemake.input (output, params), by an alias or a loop's variable too."""
    job = re.compile(rf"snakemake\.({'|'.join(kinds)})\b")
    names = set()

    def speaks(node):
        words = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
        return bool(names & words or job.search(ast.unparse(node)))

    for node in [node for node in ast.walk(tree) if isinstance(node, (ast.Assign, ast.For, ast.comprehension))]:
        if isinstance(node, ast.Assign):
            target, value = node.targets[0], node.value
            both = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
            pairs = zip(target.elts, value.elts, strict=True) if both else [(target, value)]
        else:
            pairs = [(node.target, unwrapped(node.iter))]
        for one, of in pairs:
            if isinstance(of, (ast.Name, ast.Attribute, ast.Subscript)) and speaks(of):
                names |= {part.id for part in ast.walk(one) if isinstance(part, ast.Name)}
    return speaks


def paired_by_position(tree):
    """Lines that pair files with something by their order, or pick one by its number."""
    speaks, of_files = (standing_for(kinds, tree) for kinds in (["input", "output", "params"], ["input", "output"]))
    loops = [node for node in ast.walk(tree) if isinstance(node, (ast.For, ast.comprehension))]
    counted = [node.target.elts[0].id for node in loops if ast.unparse(node.iter).startswith("enumerate(")]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "zip" and any(map(speaks, node.args)):
            yield node.lineno
        elif isinstance(node, ast.Subscript) and of_files(node.value):
            index = node.slice
            number = isinstance(index, ast.Constant) and isinstance(index.value, int)
            if number or (isinstance(index, ast.Name) and index.id in counted):
                yield node.lineno


def taken_apart(tree):
    """Lines that read a meaning out of the path of an input, or make a path from that of another."""
    speaks = standing_for(["input"], tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in TAKEN_APART and speaks(node.value):
            yield node.lineno


@pytest.mark.parametrize(
    "line",
    [
        "files = zip(snakemake.params.subjects, snakemake.input.scans, strict=True)",
        "x = dict(zip(names, snakemake.input.grids, strict=True))",
        "files = snakemake.input\nfor name, path in zip(NAMES, files.models, strict=True): read(path)",
        "given, params = snakemake.input, snakemake.params\nx = list(zip(params.subjects, NAMES))",
        "for number, subject in enumerate(subjects): x = [paths[number] for _, paths in snakemake.input.items()]",
        "x = read(snakemake.input.tables[0])",
    ],
)
def test_a_list_told_apart_by_its_order_is_found(line):
    assert list(paired_by_position(ast.parse(line)))


@pytest.mark.parametrize(
    "line",
    [
        "cards = {Path(path).parts[-4]: read(path) for path in snakemake.input.cards}",
        "given = snakemake.input\ncards = {Path(path).parts[-4]: read(path) for path in given.cards}",
        "cards = [(path, Path(path).with_name('card.json')) for path in snakemake.input.reductions]",
        "x = {Path(path).stem: read(path) for path in snakemake.input.tables}",
        "for path in snakemake.input.questions: name = Path(path).stem",
        "folder = Path(snakemake.input.model).parent",
    ],
)
def test_a_path_taken_apart_is_found(line):
    assert list(taken_apart(ast.parse(line)))


def test_no_script_tells_files_apart_by_their_order(scripts):
    found = {name: lines for name, tree in scripts.items() if (lines := list(paired_by_position(tree)))}
    assert set(found) == BY_POSITION, found


def test_no_script_takes_the_path_of_an_input_apart(scripts):
    found = {name: lines for name, tree in scripts.items() if (lines := list(taken_apart(tree)))}
    assert set(found) == BY_PATH, found


def test_the_library_makes_no_path_from_that_of_another_result(modules):
    for name, file in modules.items():
        own = name.removeprefix("ichdag.")
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in {"with_name", "with_stem", "parents", "parent"}:
                assert own in BESIDE or own.startswith("provenance"), (
                    f"{name}, line {node.lineno}: a job reads what its rule names, nothing beside it"
                )


def test_files_are_named_by_the_values_that_stand_in_their_paths(root):
    """Whatever order the values are given in, and with wildcards left open."""
    text = (root / "rules/common.smk").read_text("utf-8")
    code = re.search(r"^def named\(.*?\n\n", text, re.M | re.S)[0]
    space = {"collect": expand}
    exec(code, space)
    named = space["named"]
    path, blocks = "results/{outcome}_{fold}_{block}.parquet", ["radiomics", "vaegan"]
    expected = {
        "of/0/radiomics": "results/{outcome}_0_radiomics.parquet",
        "of/0/vaegan": "results/{outcome}_0_vaegan.parquet",
        "of/final/radiomics": "results/{outcome}_final_radiomics.parquet",
        "of/final/vaegan": "results/{outcome}_final_vaegan.parquet",
    }
    assert named("of/{fold}/{block}", path, fold=["0", "final"], block=blocks) == expected
    assert named("of/{fold}/{block}", path, block=blocks, fold=["0", "final"]) == expected
    assert named("{block}", path, outcome="all", fold="final", block=["vaegan"]) == {
        "vaegan": "results/all_final_vaegan.parquet"
    }
    with pytest.raises(ValueError, match="zip"):
        named("{block}", path, fold=["0", "1"], block=blocks)  # two files of one name


def words_of(file):
    """The names that a rules file uses, those in the holes of its texts among them."""
    text = file.read_text("utf-8")
    kinds = [(one.type, one.string) for one in tokenize.generate_tokens(io.StringIO(text).readline)]
    texts = " ".join(word for kind, word in kinds if kind == tokenize.STRING and re.match(r"[rR]?[fF]", word))
    return {word for kind, word in kinds if kind == tokenize.NAME} | set(re.findall(r"\w+", texts))


def test_what_several_rules_files_use_is_defined_in_common_alone(rule_files):
    defined = {}
    for file in rule_files:
        text = file.read_text("utf-8")
        lines = re.findall(r"^(\w+(?:, \w+)*) = ", text, re.M) + re.findall(r"^def (\w+)", text, re.M)
        defined[file] = {name for line in lines for name in line.split(", ")}
    common = next(names for file, names in defined.items() if file.name == "common.smk")
    assert {"FOLDS", "REDUCED", "named", "subjects_of"} <= common
    users = [*rule_files, rule_files[0].parents[1] / "Snakefile"]
    for file in [file for file in rule_files if file.name != "common.smk"]:
        for user in [user for user in users if user != file]:
            shared = defined[file] & words_of(user)
            assert not shared, f"{', '.join(sorted(shared))} of {file.name} used or defined in {user.name}"
