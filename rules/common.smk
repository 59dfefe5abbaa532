"""What several rules files use: who is in the study, how files are named, which code a rule runs, how resources grow."""

import sys
from functools import lru_cache, partial


def import_from_this_copy():
    """Import the modules of this copy: none is installed, and a plug-in may have imported those of another copy."""
    sys.path[:0] = [f"{workflow.basedir}/src", f"{workflow.basedir}/workflow"]
    own = ("ichdag", "job_resources", "outputs", "participants", "planning", "plain_errors")
    for name in [name for name in sys.modules if name.partition(".")[0] in own]:
        if not str(getattr(sys.modules[name], "__file__", None)).startswith(f"{workflow.basedir}/"):
            del sys.modules[name]


import_from_this_copy()

from ichdag.yaml_limits import check_settings_size
from ichdag.cohort.sheet import FILES, phantom_originals, read_sheet, subject_of
from ichdag.ledger import check_ledger
from ichdag.models import file_digest
from ichdag.prediction.frozen import is_spoiled, model_files
from ichdag.provenance import code_digest, definitions_digest, set_pythonpath_for_jobs, order_settings, settings_of
from ichdag.constants import BLOCKS, CLASSIFIERS, FEATURE_SETS, ROLES, VARIANTS
from ichdag.privacy import PrivateParams
from ichdag.provenance.ledger_status import LedgerStatus
from ichdag.bundled_files import own_or_bundled_path
from job_resources import set_default_resources, growing
from outputs import figure_files, in_report, trained_files
from participants import Participants
from plain_errors import print_plain_errors

print_plain_errors()
check_settings_size(config, "The configuration")
set_pythonpath_for_jobs()
order_settings(config, like=f"{workflow.basedir}/config/config.yaml")

if workflow.is_main_process:
    from planning import patch_snakemake_plans

    from ichdag.cohort.validation import raise_faults, require_valid_settings, sheet_faults, summarize_study

    patch_snakemake_plans(lambda rules: forced_rules(rules))

    require_valid_settings(config)
    check_ledger(folds=config["folds"], retrain=config["segmentation"]["retrain"])

set_default_resources(workflow.resource_settings, mem_mb=2000, runtime=60)  # as profiles/*/config.yaml do

if config["container"]:

    containerized: config["container"]


OUTCOMES = list(config["outcomes"])
FOLDS = [str(fold) for fold in range(config["folds"] * config["repeats"])]
FIRST_FOLDS = FOLDS[: config["folds"]]  # of the first repeat
NETWORKS = [f"{variant}_{fold}" for variant in VARIANTS for fold in [*FIRST_FOLDS, "final"]]  # the list has no repeats
PATIENT_ROLES = ["development", "external"]
CHANNELS = config["segmentation"]["network"]["channels"]
REDUCED = "results/features/reduced/{outcome}_{fold}_{block}.parquet"
PARAMETERS = own_or_bundled_path(config["radiomics"]["parameters"])
PARAMETERS_DIGEST = file_digest(PARAMETERS) if exists(PARAMETERS) else None
REPEATABILITY = config["radiomics"]["repeatability"]
MODEL_FILES = model_files(config["prediction"]["features"], outcomes=OUTCOMES)
PATCHES = config["latent"]["patches"] | {
    "window_hu": config["preprocessing"]["window_hu"],
    "voxel_mm": config["preprocessing"]["field_of_view_mm"] / config["preprocessing"]["grid"],
}


wildcard_constraints:
    subject="[A-Za-z0-9]+",
    timepoint="baseline|followup",
    role="|".join(ROLES),
    batch=r"(development|external)-\d+",
    outcome="|".join([*OUTCOMES, "all"]),
    fold="|".join([*FOLDS, "final"]),
    block="|".join(BLOCKS),
    network="|".join(NETWORKS),
    list="training",
    choice="cleanup",
    model="vaegan",
    features="|".join(name.replace("+", r"\+") for name in FEATURE_SETS),
    classifier="|".join(CLASSIFIERS),


settings = partial(settings_of, config)  # those that a rule's code reads: another one reruns nothing
read_once = lru_cache(maxsize=None)(read_sheet)


@lru_cache(maxsize=None)
def sheet():
    """The participants sheet, read when the first rule asks, refused as a whole if faulty."""
    found = read_once(config["participants"])
    if workflow.is_main_process:
        raise_faults(sheet_faults(found, config))
    return found


participants = Participants(lambda: sheet().rows, batches=config["batches"])
subjects_of = participants.subjects_of
sample_of = participants.sample_of
persons_among = participants.persons_among
batch_of = participants.batch_of
batches_of = participants.batches_of
members_of = participants.members_of


def named(name, path, /, **values):
    """Files by name, both written with the same wildcards, so that a script asks for the file of a fold by name."""
    return dict(zip(collect(name, **values), collect(path, **values, allow_missing=True), strict=True))


def files_of_role(name, path, role=None):
    """An input: a file of each participant of a role, or of the role that is a rule's wildcard, by name."""
    return lambda wildcards: named(name, path, subject=subjects_of(role or wildcards.role))


def files_of_batch(name, path):
    """An input: a file of each participant of the batch that is a rule's wildcard, by name."""
    return lambda wildcards: named(name, path, subject=members_of(wildcards.batch))


@lru_cache(maxsize=None)
def standing():
    """What of the ledger stands: training list, trained networks, clean-up; and what is to be made."""
    rows = read_once(config["participants"]).rows if exists(config["participants"]) else []  # not checked yet
    roles = {subject_of(row): row.get("role") for row in rows}
    found = LedgerStatus(config, networks=NETWORKS, patches=PATCHES, roles=roles, code=definitions_digest)
    return found.check(before_run=workflow.is_main_process)


def forced_rules(planned):
    """Those of the planned rules that make what is there but does not hold, whatever its date says."""
    asked = "freeze_model" in planned  # only then: to read a whole model takes a second
    spoiled = asked and is_spoiled("results/prediction/model", files=MODEL_FILES.values())
    return planned & {*standing().forced_rules, *(["freeze_model"] if spoiled else [])}


def mask_of(subject):
    """The baseline mask that features are computed in: the predicted one, or the manual one if the config says so."""
    if config["segmentation"]["masks"] == "manual":
        return f"results/conversion/sub-{subject}_baseline_desc-manual_mask.nii.gz"
    return f"results/segmentation/sub-{subject}_baseline_desc-hematoma_mask.nii.gz"


def code_of(rule):
    """Digest of the code that a rule's script reaches."""
    return code_digest(f"{workflow.basedir}/workflow/scripts/{rule}.py")
