"""Name the components of the radiomics block by their top features."""

from ichdag.explanation.components import name_components
from ichdag.explanation.schemas import COMPONENTS
from ichdag.jobs import start_job_log
from ichdag.models import read_card
from ichdag.pipelines import read_pipeline
from ichdag.tables import write_table

start_job_log(snakemake)
columns = read_card(snakemake.input.card).limits["columns"]
table = name_components(read_pipeline(snakemake.input.pipeline), columns=columns, top=snakemake.params.top)
write_table(table, snakemake.output.components, COMPONENTS)
