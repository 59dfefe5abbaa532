"""Extract the radiomic features of one participant's hematoma again, from perturbed scans and masks."""

from zlib import crc32

from ichdag.images import read_mask, read_scan
from ichdag.jobs import DataFault, start_job_log
from ichdag.radiomics.extraction import Settings, extract
from ichdag.radiomics.perturbation import RepeatSettings, perturbed
from ichdag.records import write_record

logger = start_job_log(snakemake)
params, subject = snakemake.params, snakemake.wildcards.subject
settings = Settings(**params.settings)
how = RepeatSettings(**params.perturbation)
record = {"subject": subject, "status": "included", "reason": None, "repeats": []}
try:
    scan, mask = read_scan(snakemake.input.get("baseline_ct")), read_mask(snakemake.input.get("mask"))
    record["repeats"].append(extract(scan, mask=mask, settings=settings))
    for repeat in range(params.repeats):
        again = perturbed(scan, mask=mask, settings=how, seed=[params.seed, crc32(subject.encode()), repeat])
        record["repeats"].append(extract(again[0], mask=again[1], settings=settings))
except DataFault as fault:
    logger.warning("left out: %s", fault)
    record |= {"status": "excluded", "reason": fault.reason, "repeats": []}
write_record(record, snakemake.output.repeats)
