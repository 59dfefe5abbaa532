"""Convert the originals of one participant."""

from ichdag.cohort.sheet import FILES
from ichdag.conversion.dicom import DicomSettings
from ichdag.conversion.participant_scans import ConversionSettings, convert_participant
from ichdag.images import write_absent, write_image
from ichdag.jobs import start_job_log, temporary_folder
from ichdag.records import write_record

start_job_log(snakemake)
params = snakemake.params
files = {column: path for column in FILES if (path := params.row[column])}
settings = ConversionSettings(**params.settings | {"dicom": DicomSettings(**params.settings["dicom"])})
with temporary_folder(params.temporary) as workdir:
    volumes, record = convert_participant(files, row=params.row, settings=settings, workdir=workdir)
for name in FILES:
    if name in volumes:
        write_image(volumes[name], snakemake.output[name])
    else:
        write_absent(snakemake.output[name])
write_record({"subject": snakemake.wildcards.subject} | record, snakemake.output.record)
