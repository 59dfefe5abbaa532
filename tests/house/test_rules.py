"""Rules files: a contract at the head, and rules that say all that a scheduler and a reader need."""

import re
from statistics import median

import pytest

COMPUTING = {"log", "benchmark", "conda", "output"}
DEFAULTS = {"mem_mb": 2000, "runtime": 60}
# Code of the first three is a part of what they make (see LedgerStatus); masks depend on that of probabilities, too.
OWN_CODE = {"train_network", "choose_cleanup", "train_vaegan", "restore_masks"}
MEDIAN_RULE, LONGEST_RULE, LONGEST_FILE, LONGEST_HELPERS, LONGEST_SNAKEFILE = 18, 30, 250, 150, 60


def header_of(file):
    """The paths that a rules file says it reads and writes."""
    match = re.match(r'"""(\S.*?[.:].*?)\n\nReads: (.*?)\nWrites: (.*?)"""', file.read_text("utf-8"), re.S)
    assert match, f"{file.name} does not open with a sentence, 'Reads:' and 'Writes:'"
    return [list(paths_in(match[part])) for part in (2, 3)]


def paths_in(text):
    """Every path of a header as a pattern; {a,b} are alternatives, {word} and * stand for a part of a name."""
    for word in re.findall(r"(?:results|ledger|phantom)/\S+", text):
        for path in alternatives(word.rstrip(",;.")):
            escaped = re.escape(path).replace(r"\*", "[^/]*")
            yield re.compile(re.sub(r"\\{\w+\\}", "[^/]+", escaped) + (".*" if path.endswith("/") else "") + "$")


def alternatives(path):
    """The path with its alternatives written out, inner ones first."""
    match = re.search(r"\{([^{}]*,(?:[^{}]|\{\w+\})*)\}", path)
    if not match:
        return [path]
    parts = re.split(r",(?![^{]*\})", match[1])
    return [whole for part in parts for whole in alternatives(path[: match.start()] + part + path[match.end() :])]


def filled(path):
    """A path as a rule writes it, with a name in place of each wildcard."""
    return re.sub(r"\{+[^{}]*\}+", "x", path)


def test_the_snakefile_is_a_table_of_contents(root, rule_files):
    text = (root / "Snakefile").read_text("utf-8")
    assert text.startswith('"""') and len(text.splitlines()) <= LONGEST_SNAKEFILE
    assert not re.search(r"^\s*(if|for|def|import) ", text, re.M)
    assert {file.name for file in (root / "rules").glob("*.smk")} == {file.name for file in rule_files}


def test_files_are_short_enough_to_be_read(root, rule_files):
    for file in rule_files:
        longest = LONGEST_HELPERS if file.name == "common.smk" else LONGEST_FILE
        assert len(file.read_text("utf-8").splitlines()) <= longest, file.name


def test_every_rules_file_opens_with_what_it_reads_and_writes(rule_files):
    for file in rule_files:
        if file.name != "common.smk":
            reads, writes = header_of(file)
            assert writes, file.name


def test_every_output_stands_in_the_header_of_its_file(rules, rule_files):
    headers = {file: header_of(file)[1] for file in rule_files if file.name != "common.smk"}
    checked = 0
    for rule in rules:
        for path in rule.paths("output"):
            checked += 1
            assert any(known.match(filled(path)) for known in headers[rule.file]), f"{rule.name} writes {path}"
    assert checked > 80


def test_every_file_of_another_stage_stands_in_the_header_of_who_reads_it(rules, rule_files):
    headers = {file: sum(header_of(file), []) for file in rule_files if file.name != "common.smk"}
    checked = 0
    for rule in rules:
        for path in rule.paths("input") if rule.file in headers else []:
            if path.startswith("results/{"):
                continue  # a list of tables of many stages, told apart elsewhere
            checked += 1
            assert any(known.match(filled(path)) for known in headers[rule.file]), f"{rule.name} reads {path}"
    assert checked > 30


def test_rules_are_named_verb_noun_and_say_in_one_line_what_they_do(rules):
    assert len(rules) > 40 and len({rule.name for rule in rules}) == len(rules)
    assert median(rule.lines for rule in rules) <= MEDIAN_RULE
    for rule in rules:
        assert rule.docstring and "\n" not in rule.docstring and rule.docstring.endswith("."), rule.name
        assert rule.lines <= LONGEST_RULE, f"{rule.name}: {rule.lines} lines"
        if rule.computes:
            assert re.fullmatch(r"[a-z]+(_[a-z0-9]+)+", rule.name), rule.name


def test_every_rule_that_computes_has_log_benchmark_and_environment(rules):
    computing = [rule for rule in rules if rule.computes]
    assert len(computing) > 40
    for rule in computing:
        missing = COMPUTING - set(rule.directives)
        assert not missing, f"{rule.name} lacks {', '.join(sorted(missing))}"
        assert f'"logs/{rule.name}' in rule.directives["log"], rule.name
        assert f'"benchmarks/{rule.name}' in rule.directives["benchmark"], rule.name


def test_what_is_given_by_default_is_not_stated_again_and_what_is_stated_grows_with_the_attempt(rules):
    stating = [rule for rule in rules if "resources" in rule.directives]
    assert len(stating) > 15
    for rule in stating:
        text = rule.directives["resources"]
        grown = "".join(re.findall(r"\*\*growing\((.*)\),", text))
        for name, amount in re.findall(r"\b(mem_mb|runtime)=(\w+)", text):
            assert f"{name}={amount}" in grown, f"{rule.name}: {name} does not grow with the attempt"
            assert amount != str(DEFAULTS[name]), f"{rule.name}: {name}={amount} is the default"
    assert not [rule.name for rule in rules if re.fullmatch(r"\s*1\s*", rule.directives.get("threads", ""))]


def test_the_defaults_are_the_same_without_a_profile_and_with_each(root):
    import yaml

    amounts = ", ".join(f"{name}={amount}" for name, amount in DEFAULTS.items())
    common = (root / "rules/common.smk").read_text("utf-8")
    assert f"set_default_resources(workflow.resource_settings, {amounts})" in common
    expected = {name: f"{amount} * 2 ** (attempt - 1)" for name, amount in DEFAULTS.items()}
    for profile in ("local", "slurm"):
        settings = yaml.safe_load((root / f"profiles/{profile}/config.yaml").read_text("utf-8"))
        assert {name: settings["default-resources"][name] for name in DEFAULTS} == expected, profile


def test_every_input_and_output_is_named(rules):
    for rule in rules:
        for directive in ("input", "output"):
            for line in rule.directives.get(directive, "").splitlines():
                if re.match(r" {8}\S", line) and not line.strip().startswith((")", "]", "}", "#", "+")):
                    assert re.match(r" {8}(\w+=|unpack\(|\*\*)", line), f"{rule.name}, {directive}: {line.strip()}"


def test_every_script_bears_the_name_of_its_rule(rules, root):
    named = set()
    for rule in rules:
        script = re.search(r'"\.\./workflow/scripts/(\w+)\.py"', rule.directives.get("script", ""))
        if script:
            assert script[1] == rule.name
            stated = re.search(r'"?code"?[=:] ?(.*)', rule.directives.get("params", ""))
            assert (stated[1] if stated else None) is None or rule.name in OWN_CODE, rule.name
            named.add(script[1])
    assert named == {file.stem for file in (root / "workflow/scripts").glob("*.py")}


def test_rules_speak_of_no_machine(rules):
    for rule in rules:
        resources = rule.directives.get("resources", "")
        assert not re.search(r"slurm|partition|account|nodelist|gres", resources), rule.name
        assert "retries" not in rule.directives, f"{rule.name}: retries belong in profiles"
        threads = re.search(r"\d+", rule.directives.get("threads", "1"))
        assert not threads or int(threads[0]) <= 16, rule.name


def test_every_environment_and_caption_that_a_rule_names_is_there(rules):
    for rule in rules:
        text = "".join(rule.directives.values())
        for path in re.findall(r'"(\.\./(?:envs|workflow)/[^"{]+)"', text):
            assert (rule.file.parent / path).resolve().is_file(), f"{rule.name}: {path}"


@pytest.mark.parametrize("profile", ["local", "slurm"])
def test_profiles_speak_only_of_rules_that_are_there(profile, rules, root):
    import yaml

    names = {rule.name for rule in rules}
    settings = yaml.safe_load((root / f"profiles/{profile}/config.yaml").read_text("utf-8"))
    groups = dict(item.split("=") for item in settings.get("groups", []))
    assert set(groups) | set(settings.get("set-resources", {})) <= names
    assert set(groups.values()) == {item.split("=")[0] for item in settings.get("group-components", [])}
    for rule in groups:
        assert settings["set-resources"][rule]["seq"] == 1, f"{rule}: the group would ask for all its members at once"


def test_rules_that_want_a_gpu_go_to_the_gpu_partition_and_no_others(rules, root):
    import yaml

    settings = yaml.safe_load((root / "profiles/slurm/config.yaml").read_text("utf-8"))["set-resources"]
    wanting = {rule.name for rule in rules if "gpu=1" in rule.directives.get("resources", "")}
    assert wanting == {name for name, resources in settings.items() if resources.get("slurm_partition") == "gpu"}
    assert wanting
