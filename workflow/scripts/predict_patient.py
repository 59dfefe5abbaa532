"""Predict the outcomes of one new patient with the frozen model."""

from pathlib import Path

from ichdag.images import read_expected, read_scan, write_absent, write_image
from ichdag.jobs import DataFault, start_job_log
from ichdag.prediction.frozen import load_frozen
from ichdag.prediction.patient import predict_patient
from ichdag.records import read_record_as, write_record
from ichdag.scan_records import ScanRecord
from ichdag.training import find_device

logger = start_job_log(snakemake)
subject = snakemake.wildcards.subject
model = load_frozen(Path(snakemake.input.card).parent)
device = find_device(snakemake.threads)
checked = read_record_as(ScanRecord, snakemake.input.scans, subject=subject).baseline
try:
    if checked.status == "excluded":
        raise DataFault(checked.stage, checked.reason)
    known = {"subject": subject, "model": model, "device": device, "facts": checked.facts}
    scan = read_expected(snakemake.input.baseline_ct, present=True, read=read_scan)
    record, mask = predict_patient(scan, **known)
    write_image(mask, snakemake.output.mask)
    record |= {"status": "included", "reason": None, "absent": {}}
except DataFault as fault:
    logger.warning("no prediction: %s", fault)
    record = {"subject": subject, "status": "excluded", "reason": str(fault), "absent": {"mask": str(fault)}}
    write_absent(snakemake.output.mask)
write_record(record, snakemake.output.record)
