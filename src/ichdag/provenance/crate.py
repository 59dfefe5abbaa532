"""A study's results as an RO-Crate: files, software and times in the terms that research archives read.

Follows the profile Process Run Crate (Leo et al., PLoS ONE 2024): the run of the workflow is one action, whose tool,
settings and results are named. Only what shows no single participant is listed.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

from ichdag.provenance.journal import MISSING, Row, format_time
from ichdag.provenance.version import workflow_version
from ichdag.records import write_record

PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
SETTINGS, COSTS = "provenance/config.yaml", "provenance/costs.tsv"
SHARED_FILES = ("report/report.html", "figures/*.svg", "evaluation/*.tsv", "statistics/*.tsv", SETTINGS, COSTS)
FORMATS = {
    ".html": "text/html",
    ".svg": "image/svg+xml",
    ".tsv": "text/tab-separated-values",
    ".yaml": "application/yaml",
}


def write_ro_crate(folder: str | Path, *, title: str, jobs: list[Row]) -> None:
    """Write ro-crate-metadata.json into `folder`, the results of a study with their settings; nothing is copied.

    `jobs` are the rows of the journal (schema jobs).
    """
    from rocrate.model.contextentity import ContextEntity
    from rocrate.rocrate import ROCrate

    folder, crate = Path(folder), ROCrate()
    crate.name, crate.root_dataset["conformsTo"] = title, {"@id": PROFILE}
    crate.description = f"Tables and figures of a study made by the workflow ichdag, and its report: {title}"
    crate.add(ContextEntity(crate, PROFILE, {"@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"}))
    files = {}
    for path in sorted(path for pattern in SHARED_FILES for path in folder.glob(pattern)):
        kind = {"encodingFormat": FORMATS[path.suffix], "contentSize": str(path.stat().st_size)}
        name = path.relative_to(folder).as_posix()
        files[name] = crate.add_file(dest_path=name, properties={"name": path.stem.replace("_", " ")} | kind)
    tool: dict[str, Any] = {"@type": "SoftwareApplication", "name": "ichdag", "softwareVersion": workflow_version()}
    tool["softwareRequirements"] = _packages(jobs)
    action = {
        "@type": "CreateAction",
        "name": f"ichdag made {title}",
        "startTime": min(row["started"] for row in jobs),
        "endTime": max(map(_ended, jobs)),
        "instrument": crate.add(ContextEntity(crate, "#ichdag", tool)),
        "object": files[SETTINGS],
        "result": [file for name, file in files.items() if name != SETTINGS],
    }
    crate.root_dataset["mentions"] = crate.add(ContextEntity(crate, "#run", action))
    write_record(crate.metadata.generate(), folder / crate.metadata.id)


def _ended(row: Row) -> str:
    """Return when a job ended, as far as is known."""
    seconds = 0.0 if row["wall_s"] in (None, "", MISSING) else float(row["wall_s"])
    return format_time(datetime.fromisoformat(row["started"]).timestamp() + seconds)


def _packages(jobs: list[Row]) -> list[str]:
    """List every version of every package that a job ran with, as 'name version'."""
    versions = {row["packages"] for row in jobs} - {None, "", MISSING}
    return sorted({package for packages in versions for package in packages.split(", ")})
