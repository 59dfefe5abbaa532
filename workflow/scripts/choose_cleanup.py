"""Choose threshold and smallest component of the masks in cross-validation, or take those given."""

from ichdag.jobs import start
from ichdag.preprocessing.schemas import GRIDS
from ichdag.records import read_record, write_record
from ichdag.segmentation.cleanup import CleanupSettings, choose_cleanup
from ichdag.segmentation.inference import InferenceSettings
from ichdag.segmentation.restoration import RestorationSettings
from ichdag.segmentation.schemas import TRAINING
from ichdag.segmentation.training import manual_baselines
from ichdag.tables import read_table
from ichdag.training import find_device

logger = start(snakemake)
params, networks = snakemake.params, read_record(snakemake.input.networks)
subjects = read_table(snakemake.input.training, TRAINING)["subject"]
choice = choose_cleanup(
    manual_baselines(read_table(snakemake.input.grids, GRIDS), subjects=subjects),
    networks=networks,
    given=RestorationSettings(**params.given),
    settings=CleanupSettings(**params.settings),
    inference=InferenceSettings(**params.inference),
    device=find_device(snakemake.threads),
)
logger.info("threshold %g, smallest component %g mL", choice["threshold"], choice["smallest_component_ml"])
write_record(choice, snakemake.output.cleanup)
