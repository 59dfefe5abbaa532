"""Extract the radiomic features of one participant's hematoma."""

from ichdag.images import read_mask, read_scan
from ichdag.jobs import DataFault, start
from ichdag.radiomics import Settings, extract
from ichdag.records import write_record

logger = start(snakemake)
settings = Settings(**snakemake.params.settings | {"parameters": snakemake.input.parameters})
record = {"subject": snakemake.wildcards.subject, "status": "included", "reason": None, "features": {}}
try:
    mask = read_mask(snakemake.input.get("mask"))
    record["features"] = extract(read_scan(snakemake.input.get("baseline_ct")), mask=mask, settings=settings)
except DataFault as fault:
    logger.warning("left out: %s", fault)
    record |= {"status": "excluded", "reason": fault.reason}
write_record(record, snakemake.output.features)
