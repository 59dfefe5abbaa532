"""Write the documents that follow from code and schemas.

These are docs/tables.md, the table in config/README.md, and the data dictionary resources/participants.json.

`python docs/generate.py` writes them, `python docs/generate.py --check` fails if one of them is out of date.
"""

import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "src"))

from ichdag.number_format import format_plain  # noqa: E402
from ichdag.report.dictionary import SCHEMAS  # noqa: E402
from ichdag.schema import Column  # noqa: E402

SETTINGS = ROOT / "config" / "schemas"
BEGIN, END = "<!-- settings: written by `make docs` -->", "<!-- end of settings -->"


def documents() -> dict[Path, str]:
    """Every generated document: its path and what it must say."""
    readme = ROOT / "config" / "README.md"
    before, _, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    return {
        readme: f"{before}{BEGIN}\n{settings_table()}{END}{after}",
        ROOT / "docs" / "tables.md": data_dictionary(),
        ROOT / "resources" / "participants.json": sidecar(),
    }


def settings_table() -> str:
    """One row a setting: key, value of the paper, value of the demo, type and range, meaning."""
    paper = yaml.safe_load((ROOT / "config" / "config.yaml").read_text(encoding="utf-8"))
    demo = yaml.safe_load((ROOT / "config" / "demo.yaml").read_text(encoding="utf-8"))
    lines = ["| setting | paper | demo | kind | meaning |", "|---|---|---|---|---|"]
    for key, schema in settings():
        cells = [f"`{key}`", shown(value_at(paper, key)), shown(value_at(demo, key)), kind_of(schema)]
        lines.append("| " + " | ".join([*cells, escaped(schema.get("description", ""))]) + " |")
    return "\n".join(lines) + "\n"


def settings(name: str = "config.schema.json", prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every setting that the schemas know, as dotted key and schema; sections are entered, lists and maps are not."""
    document = json.loads((SETTINGS / name).read_text(encoding="utf-8"))
    yield from _settings(document, document, prefix)


def _settings(schema: dict[str, Any], document: dict[str, Any], prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for key, item in schema["properties"].items():
        reference = item.get("$ref", "")
        if reference.startswith("#/"):
            for part in reference.removeprefix("#/").split("/"):
                item = document[part] if part in document else item[part]
        if reference.endswith(".schema.json"):
            yield from settings(reference, f"{prefix}{key}.")
        elif "properties" in item:
            yield from _settings(item, document, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", item


def value_at(config: dict[str, Any], key: str) -> Any:
    """Return the value of a dotted key, None where a part of it is not there."""
    value: Any = config
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def shown(value: Any) -> str:
    """Return a value as it would stand in the configuration, short enough for a table."""
    if value is None:
        return ""
    text = json.dumps(value, ensure_ascii=False)
    return f"`{escaped(text)}`" if len(text) <= 60 else "see the file"


def kind_of(schema: dict[str, Any]) -> str:
    """Type and range of a setting in words."""
    if "enum" in schema:
        return "one of " + ", ".join(escaped(str(value)) for value in schema["enum"])
    if "const" in schema:
        return f"only {schema['const']}"
    for choice in ("oneOf", "anyOf"):
        if choice in schema:
            return " or ".join(kind_of(option) for option in schema[choice])
    kinds = schema.get("type", "any")
    kind = kinds if isinstance(kinds, str) else " or ".join(kinds)
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    if low is not None or high is not None:
        limits = [f"{'>' if 'exclusiveMinimum' in schema else '≥'} {low}"] if low is not None else []
        limits += [f"{'<' if 'exclusiveMaximum' in schema else '≤'} {high}"] if high is not None else []
        kind = f"{kind}, {', '.join(limits)}"
    return f"{kind} of {kind_of(schema['items'])}" if isinstance(schema.get("items"), dict) else kind


def data_dictionary() -> str:
    """Every table that crosses a stage, column by column."""
    lines = [
        "# Tables",
        "",
        "The tables that stages exchange. They are checked at every read and write. Files are tab-separated (`n/a` is",
        "a missing value) or parquet. `make docs` writes this page from the `schemas.py` of the stages. A table may",
        "have more columns. In a .tsv a text that a spreadsheet would compute (it begins with `=`, `+`, `-` or `@`)",
        "has a `'` before it.",
        *sheet_dictionary(),
    ]
    for name, schema in SCHEMAS.items():
        lines += ["", f"## {name}", "", "| column | kind | unit | values | may be missing | meaning |"]
        lines += ["|---|---|---|---|---|---|", *(row_of(column) for column in schema.columns)]
    return "\n".join(lines) + "\n"


def sheet_columns() -> dict[str, Any]:
    """Return the schema of the participants sheet, and of its columns."""
    return json.loads((SETTINGS / "participants.schema.json").read_text(encoding="utf-8"))


def sheet_dictionary() -> Iterator[str]:
    """Return the participants sheet, column by column."""
    schema = sheet_columns()
    yield from ("", "## participants sheet", "", schema["description"], "")
    yield from ("| column | must be there | kind | unit | meaning | examples |", "|---|---|---|---|---|---|")
    for name, column in schema["properties"].items():
        levels = "; ".join(f"{level}: {meaning}" for level, meaning in column.get("levels", {}).items())
        meaning = column["description"] + (f" ({levels})" if levels else "")
        examples = ", ".join(f"`{example}`" for example in column["examples"])
        required = "yes" if name in schema["required"] else ""
        cells = [f"`{name}`", required, kind_of(column), column.get("unit", ""), escaped(meaning), examples]
        yield "| " + " | ".join(cells) + " |"


def sidecar() -> str:
    """Return the data dictionary of the sheet as BIDS wants it beside participants.tsv."""
    told = {}
    for name, column in sheet_columns()["properties"].items():
        told[name] = {"LongName": column["title"], "Description": column["description"]}
        told[name] |= {"Levels": column["levels"]} if "levels" in column else {}
        told[name] |= {"Units": column["unit"]} if "unit" in column else {}
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def row_of(column: Column) -> str:
    """One column as a row."""
    low, high = column.range
    limits = [f"≥ {format_plain(low)}"] if math.isfinite(low) else []
    limits += [f"≤ {format_plain(high)}"] if math.isfinite(high) else []
    values = ", ".join(map(str, column.values)) or ", ".join(limits)
    missing = "the column" if column.optional else "cells" if column.missing else ""
    cells = [f"`{column.name}`", column.kind, column.unit, values, missing, column.meaning]
    return "| " + " | ".join(map(escaped, cells)) + " |"


def escaped(text: str) -> str:
    """Text for a cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ")


def main() -> None:
    """Write the documents, or with --check say which are not in step."""
    stale = [path for path, text in documents().items() if not path.exists() or path.read_text("utf-8") != text]
    names = ", ".join(str(path.relative_to(ROOT)) for path in stale)
    if "--check" in sys.argv[1:]:
        sys.exit(f"Not in step with the schemas: {names}. Run 'make docs'." if stale else 0)
    for path in stale:
        path.write_text(documents()[path], encoding="utf-8")
    print(f"Written: {names or 'nothing, all in step'}")


if __name__ == "__main__":
    main()
