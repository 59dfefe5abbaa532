"""Predict the outcomes of one new patient with the frozen model."""

from pathlib import Path

from ichdag.images import read_expected, read_scan, write_absent, write_image
from ichdag.jobs import DataFault, start_job_log
from ichdag.prediction.frozen import load_frozen
from ichdag.prediction.patient import predict_patient
from ichdag.records import read_record_of, write_record
from ichdag.training import find_device

logger = start_job_log(snakemake)
subject = snakemake.wildcards.subject
model, device = load_frozen(Path(snakemake.input.card).parent), find_device(snakemake.threads)
converted = read_record_of(subject, snakemake.input.scans)["baseline"]
try:
    if converted["status"] == "excluded":
        raise DataFault(converted["stage"], converted["reason"])
    known = {"subject": subject, "model": model, "device": device, "facts": converted["facts"]}
    scan = read_expected(snakemake.input.baseline_ct, there=True, read=read_scan)
    record, mask = predict_patient(scan, **known)
    write_image(mask, snakemake.output.mask)
    record |= {"status": "included", "reason": None, "absent": {}}
except DataFault as fault:
    logger.warning("no prediction: %s", fault)
    record = {"subject": subject, "status": "excluded", "reason": str(fault), "absent": {"mask": str(fault)}}
    write_absent(snakemake.output.mask)
write_record(record, snakemake.output.record)
