"""Write the page of the costs of each rule, beside the report."""

from typing import Any

from ichdag.report.rendering import template


def costs_page(costs: list[dict[str, Any]], *, title: str) -> str:
    """Render the page as one string, from rows of schema costs."""
    values = {
        name: [float(row[name]) for row in costs if row[name] is not None]
        for name in ("jobs", "wall_s", "cpu_s", "memory_mib")
    }
    totals = {
        "jobs": round(sum(values["jobs"])),
        "wall": format_duration(sum(values["wall_s"])),
        "cpu": format_duration(sum(values["cpu_s"])),
    }
    rows = [
        {name: row[name] for name in ("rule", "jobs", "hosts", "devices")}
        | {name: format_duration(row[f"{name}_s"]) for name in ("wall", "longest", "cpu")}
        | {"memory": "–" if row["memory_mib"] is None else f"{row['memory_mib']:.0f}"}
        for row in costs
    ]
    return template("provenance.html.j2").render(title=title, rows=rows, whole=totals)


def format_duration(seconds: float | None) -> str:
    """Format a duration in its largest two units: 0.4 s, 12 s, 3 min 5 s, 2 h 10 min."""
    if seconds is None:
        return "–"
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
