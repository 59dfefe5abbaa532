"""Copy of a study fit to be shared: report, figures and tables of groups, searched for all that names a participant.

`python workflow/sharing.py STUDY TO` copies what results/ro-crate-metadata.json lists. Each file is first searched for
what `identifiers` finds in sheet and originals. Where something is found nothing is copied.
"""

import base64
import html
import json
import re
import shutil
import sys
from pathlib import Path
from urllib.parse import unquote

sys.path[:0] = [str(Path(__file__).parents[1] / "src"), str(Path(__file__).parent)]

from identifiers import DOTTED, WORD, Values, find_identifiers  # noqa: E402

from ichdag.cohort.sheet import read_sheet  # noqa: E402
from ichdag.jobs import StudyError  # noqa: E402
from ichdag.provenance.crate import SETTINGS, SHARED_FILES  # noqa: E402
from ichdag.records import read_yaml  # noqa: E402

CRATE = "ro-crate-metadata.json"
EMBEDDED = re.compile(r"data:(?P<kind>[\w/+.-]+)(?:;[\w=-]+)*;base64,(?P<content>[A-Za-z0-9+/=\s]+)")  # within a page
QUOTED = re.compile(r"data:[\w/+.-]+(?:;[\w=-]+)*,[^\"'\s)]*")
READ = ("svg", "xml", "html", "json", "text", "csv")  # kinds of embedded files that are text
ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
SIZES = re.compile(r'"contentSize": *"\d+"')  # of the files themselves
NUMBER = re.compile(r"(?<![\d.])\d{8,}(?!\d|\.\d)|(?<![\w.])\d{5,7}(?!\w|\.\d)")  # no part of a decimal, or of a digest


def share(study: Path, target: Path) -> list[str]:
    """Copy what may be shared of a study into a new folder, and give the names of the files.

    Raises StudyError if a file holds what names a participant (which is not said), an original cannot be searched, or
    there is no finished study.
    """
    results = study / "results"
    files = sorted({path for pattern in (*SHARED_FILES, CRATE) for path in results.glob(pattern)})
    if results / CRATE not in files:
        raise StudyError(f"{results / CRATE} is not there: run the study to its end first")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise StudyError(f"{target} is there already: name a folder that is not")
    sheet = read_sheet(study / read_yaml(results / SETTINGS)["participants"])
    values = find_identifiers(sheet, study)
    hits = [
        f"{path.relative_to(study)} has what stands in {where}"
        for path in files
        for where in _sources_of_hits(path, values)
    ]
    if hits:
        raise StudyError("nothing was copied, for these files name somebody:\n  " + "\n  ".join(hits))
    for path in files:
        copy = target / path.relative_to(results)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    return [path.relative_to(results).as_posix() for path in files]


def _sources_of_hits(path: Path, values: Values) -> list[str]:
    """Return where the values that a file holds come from, each place once."""
    text = _readable(path.read_text("utf-8", "replace")).lower()
    words = set(re.findall(r"\w+", text)) | {word for word in WORD.findall(text) if not word.isdigit()}
    words = {word for word in words if not word.isdigit() or len(word) < 5} | set(NUMBER.findall(text))
    words |= set(DOTTED.findall(text))
    simple = {value for value in values if re.fullmatch(r"\w+", value) or DOTTED.fullmatch(value)}
    hits = [value for value in simple if value.lower() in words]
    hits += [value for value in values.keys() - simple if value.lower() in text]
    return sorted({values[value] for value in hits})


def _readable(text: str) -> str:
    """Return a file's text as a person reads it: unescaped, drawings decoded, pixels left out."""
    text = SIZES.sub("", EMBEDDED.sub(_decoded, text))
    text = QUOTED.sub(lambda match: unquote(match[0]), text)
    return html.unescape(ESCAPED.sub(lambda match: chr(int(match[1], 16)), text))


def _decoded(embedded: re.Match[str]) -> str:
    if not any(kind in embedded["kind"] for kind in READ):
        return ""
    content = re.sub(r"\s", "", embedded["content"]).rstrip("=")
    content = content[: len(content) - (len(content) % 4 == 1)]
    text = base64.b64decode(content + "=" * (-len(content) % 4))
    return f" {_readable(text.decode('utf-8', 'replace'))} "


if __name__ == "__main__":
    try:
        print(json.dumps(share(Path(sys.argv[1]), Path(sys.argv[2])), indent=1))
    except StudyError as error:
        sys.exit(str(error))
