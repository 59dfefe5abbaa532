"""Extract the radiomic features of one participant's hematoma."""

from ichdag.images import read_mask, read_scan
from ichdag.jobs import DataFault, start_job_log
from ichdag.radiomics.feature_extraction import RadiomicsSettings, extract_lesion
from ichdag.records import write_record

logger = start_job_log(snakemake)
settings = RadiomicsSettings(**snakemake.params.settings)
record = {"subject": snakemake.wildcards.subject, "status": "included", "reason": None, "features": {}, "missing": {}}
try:
    mask = read_mask(snakemake.input.get("mask"))
    extraction = extract_lesion(read_scan(snakemake.input.get("baseline_ct")), mask=mask, settings=settings)
    record |= {"features": extraction.values, "missing": extraction.missing}
    logger.info("%d features, %d missing", len(extraction.values), len(extraction.missing))
except DataFault as fault:
    logger.warning("left out: %s", fault)
    record |= {"status": "excluded", "reason": fault.reason}
write_record(record, snakemake.output.features)
