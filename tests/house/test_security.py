"""Nothing of others is run: no pickle is read unasked, no shell line is made of a participant's fields."""

import ast
import re

import pytest

UNPICKLES = {"pickle.load", "pickle.loads", "joblib.load", "pd.read_pickle", "dill.load", "cloudpickle.load"}
UNPICKLES |= {"cloudpickle.loads", "torch.jit.load", "yaml.load", "yaml.unsafe_load", "shelve.open", "marshal.loads"}
RUNS = {"eval", "exec", "os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"}


@pytest.fixture(scope="module")
def calls(modules, root):
    """Every call in the library, the scripts and the logger plugins: where, what is called, with which keywords."""
    found = []
    for file in [*modules.values(), *(root / "workflow").rglob("*.py"), *(root / "docs").glob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                keywords = {word.arg: ast.unparse(word.value) for word in node.keywords}
                found.append((f"{file.name}, line {node.lineno}", ast.unparse(node.func), keywords))
    assert len(found) > 2000
    return found


def test_nothing_is_unpickled(calls):
    assert not [(where, called) for where, called, _ in calls if called in UNPICKLES]


def test_checkpoints_are_read_as_weights_only(calls):
    reads = [(where, words) for where, called, words in calls if called == "torch.load"]
    assert reads and all(words.get("weights_only") == "True" for _, words in reads), reads


def test_arrays_are_read_without_pickles(calls):
    reads = [(where, words) for where, called, words in calls if called in ("np.load", "numpy.load")]
    assert reads and all(words.get("allow_pickle") == "False" for _, words in reads), reads


def test_text_is_never_run_as_code_or_by_a_shell(calls):
    assert not [(where, called) for where, called, words in calls if called in RUNS or "shell" in words]


def test_no_rule_makes_a_shell_line(rules, root):
    """A shell line would be made of wildcards and of params, and params hold rows of the sheet."""
    assert not [rule.name for rule in rules if {"shell", "run"} & set(rule.directives)]
    for file in [root / "Snakefile", *(root / "rules").glob("*.smk")]:
        assert not re.search(r"\bshell\s*\(", file.read_text("utf-8")), file.name


def test_what_a_wildcard_can_be_is_harmless_in_a_path_and_in_a_shell(root):
    """Executors put wildcards into command lines of their own: a subject is letters and digits."""
    text = (root / "rules/common.smk").read_text("utf-8")
    assert 'subject="[A-Za-z0-9]+"' in text
    constrained = set(re.findall(r"^    (\w+)=", text[text.index("wildcard_constraints:") :].split("\n\n")[0], re.M))
    used = set()
    for file in (root / "rules").glob("*.smk"):
        paths = re.findall(r'"(?:results|ledger|phantom|logs|benchmarks)/[^" ]*"', file.read_text("utf-8"))
        used |= set(re.findall(r"(?<!\{)\{(\w+)\}(?!\})", "".join(paths)))
    assert {"subject", "outcome", "features", "classifier"} <= used
    assert used - constrained <= {"name", "stage"}, used - constrained


def test_logs_name_participants_by_their_study_id_alone(calls, modules, root):
    """A log line may hold what a module computed and a fault's reason, but no cell and no path of the sheet."""
    told = re.compile(r"\b(row|person|person_id|participant|baseline_ct|followup_ct)\b")
    lines = 0
    for file in [*modules.values(), *(root / "workflow/scripts").glob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and re.fullmatch(r"(LOGGER|logger)\.\w+", ast.unparse(node.func)):
                lines += 1
                values = [ast.unparse(value) for value in node.args[1:]]
                assert not [value for value in values if told.search(value)], f"{file.name}, line {node.lineno}"
    assert lines > 10
