"""Templates with their holes: every value that fills one is escaped, and one that is missing is an error."""

from jinja2 import Environment, PackageLoader, StrictUndefined, Template


def template(name: str) -> Template:
    """One of the report's templates, by file name."""
    environment = Environment(
        loader=PackageLoader("ichdag.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
