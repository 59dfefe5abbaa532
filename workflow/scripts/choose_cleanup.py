"""Choose threshold and smallest component of the masks in cross-validation, or take those given."""

from ichdag.jobs import start_job_log
from ichdag.preprocessing.schemas import GRIDS
from ichdag.records import read_record, write_record
from ichdag.segmentation.cleanup import choose_cleanup, read_settings
from ichdag.segmentation.locking import locked_folds
from ichdag.segmentation.network_identity import cleanup_identity
from ichdag.segmentation.network_training import manual_baselines
from ichdag.segmentation.schemas import TRAINING
from ichdag.tables import read_table
from ichdag.training import find_device

logger = start_job_log(snakemake)
params = snakemake.params
networks = read_record(snakemake.input.networks)
folds = locked_folds(read_table(snakemake.input.training, TRAINING), excluded=params.away)
choice = choose_cleanup(
    manual_baselines(read_table(snakemake.input.grids, GRIDS), subjects=folds),
    networks=networks,
    **read_settings(params.config["segmentation"]),
    device=find_device(snakemake.threads),
)
digests = {entry["name"]: entry["identity"] for entry in networks["networks"]}
choice["identity"] = cleanup_identity(config=params.config, training=folds, networks=digests, code=params.code)
logger.info("threshold %s, smallest component %s mL", choice["threshold"], choice["min_component_ml"])
write_record(choice, snakemake.output.choice)
