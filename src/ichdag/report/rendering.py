"""Load templates that escape every value, and raise an error for a missing one."""

from jinja2 import Environment, PackageLoader, StrictUndefined, Template


def template(name: str) -> Template:
    """Load one of the report's templates by file name."""
    environment = Environment(
        loader=PackageLoader("ichdag.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
