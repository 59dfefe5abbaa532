"""Extract the radiomic features of one participant's hematoma again, from perturbed scans and masks."""

from zlib import crc32

from ichdag.images import read_mask, read_scan
from ichdag.jobs import DataFault, start_job_log
from ichdag.radiomics.feature_extraction import RadiomicsSettings, extract
from ichdag.radiomics.perturbation import PerturbationSettings, perturb
from ichdag.records import write_record

logger = start_job_log(snakemake)
params = snakemake.params
subject = snakemake.wildcards.subject
settings = RadiomicsSettings(**params.settings)
perturbation = PerturbationSettings(**params.perturbation)
record = {"subject": subject, "status": "included", "reason": None, "repeats": []}
try:
    scan = read_scan(snakemake.input.get("baseline_ct"))
    mask = read_mask(snakemake.input.get("mask"))
    record["repeats"].append(extract(scan, mask=mask, settings=settings))
    for repeat in range(params.repeats):
        seed = [params.seed, crc32(subject.encode()), repeat]
        perturbed_scan, perturbed_mask = perturb(scan, mask=mask, settings=perturbation, seed=seed)
        record["repeats"].append(extract(perturbed_scan, mask=perturbed_mask, settings=settings))
except DataFault as fault:
    logger.warning("left out: %s", fault)
    record |= {"status": "excluded", "reason": fault.reason, "repeats": []}
write_record(record, snakemake.output.repeats)
