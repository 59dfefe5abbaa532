"""What several rules files use: who is in the study, how files are named, which code a rule runs, how resources grow."""

import gc
import sys
from functools import lru_cache, partial
from zlib import crc32

sys.path[:0] = [f"{workflow.basedir}/src", f"{workflow.basedir}/workflow"]
for name in [name for name in sys.modules if name.partition(".")[0] in ("ichdag", "telling", "planning")]:
    if not str(getattr(sys.modules[name], "__file__", None)).startswith(f"{workflow.basedir}/"):
        del sys.modules[name]  # a plug-in of another copy of the workflow brought it along

from ichdag.bounds import require_plain
from ichdag.cohort.sheet import FILES, drawn_here, read_sheet, shared_persons, subject_of
from ichdag.ledger import refuse_ledger
from ichdag.models import file_digest
from ichdag.prediction.frozen import is_spoiled, model_files
from ichdag.provenance import code_digest, definitions_digest, expose_package, put_in_order, settings_of
from ichdag.names import BLOCKS, CLASSIFIERS, FEATURE_SETS, ROLES, VARIANTS
from ichdag.privacy import Private
from ichdag.provenance.standing import Standing
from ichdag.shipped import own_or_shipped
from telling import tell_faults_plainly

tell_faults_plainly()
require_plain(config, "The configuration")
expose_package()
put_in_order(config, like=f"{workflow.basedir}/config/config.yaml")
gc.set_threshold(1_000_000, 1000, 1000)  # a plan is millions of objects that all live: to search them costs a third

if workflow.is_main_process:
    from planning import mend_plans

    from ichdag.cohort.validation import refuse, refuse_settings, sheet_faults, summary_of

    mend_plans(lambda rules: forced_rules(rules))

    refuse_settings(config)
    refuse_ledger(folds=config["folds"], retrain=config["segmentation"]["retrain"])

if config["container"]:

    containerized: config["container"]


OUTCOMES = list(config["outcomes"])
FOLDS = [str(fold) for fold in range(config["folds"] * config["repeats"])]
FIRST_FOLDS = FOLDS[: config["folds"]]  # of the first repeat
NETWORKS = [f"{variant}_{fold}" for variant in VARIANTS for fold in [*FIRST_FOLDS, "final"]]  # the list has no repeats
MANUAL_MASKS = config["segmentation"]["masks"] == "manual"
PATIENT_ROLES = ["development", "external"]
CHANNELS = config["segmentation"]["network"]["channels"]
GRIDS_FILE = "results/preprocessing/sub-{subject}_grids.npz"
REDUCED = "results/features/reduced/{outcome}_{fold}_{block}.parquet"
PARAMETERS = own_or_shipped(config["radiomics"]["parameters"])
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
        refuse(sheet_faults(found, config))
    return found


@lru_cache(maxsize=None)
def participants():
    """The rows of the participants sheet, by subject."""
    return {subject_of(row): row for row in sheet().rows}


@lru_cache(maxsize=None)
def subjects_of(*roles):
    """The participants of these roles, in the order of the sheet."""
    return [subject for subject, row in participants().items() if row["role"] in roles]


@lru_cache(maxsize=None)
def sample_of(size, *roles):
    """The first participants of these roles by a hash of their id, so that newcomers change few; quick to be asked."""
    return dict.fromkeys(sorted(subjects_of(*roles), key=lambda one: (crc32(one.encode()), one))[:size])


def persons_among(role):
    """Who is behind each participant of a role, as far as one person is several participants."""
    return Private(shared_persons(participants()[subject] for subject in subjects_of(role)))


def named(name, path, /, **values):
    """Files by name, both written with the same wildcards, so that a script asks for the file of a fold by name."""
    return dict(zip(collect(name, **values), collect(path, **values, allow_missing=True), strict=True))


@lru_cache(maxsize=None)
def standing():
    """What of the ledger stands: training list, trained networks, clean-up; and what is to be made."""
    rows = read_once(config["participants"]).rows if exists(config["participants"]) else []  # not checked yet
    roles = {subject_of(row): row.get("role") for row in rows}
    found = Standing(config, networks=NETWORKS, patches=PATCHES, roles=roles, code=definitions_digest)
    return found.asked(before_run=workflow.is_main_process)


def forced_rules(planned):
    """Those of the planned rules that make what is there but does not hold, whatever its date says."""
    asked = "freeze_model" in planned  # only then: to read a whole model takes a second
    spoiled = asked and is_spoiled("results/prediction/model", files=MODEL_FILES.values())
    return planned & {*standing().forced_rules, *(["freeze_model"] if spoiled else [])}


def batch_of(subject):
    """The batch of a participant, from role and id alone: it never changes when others come or go."""
    return f"{participants()[subject]['role']}-{crc32(subject.encode()) % config['batches']:04d}"


@lru_cache(maxsize=None)
def batch_table():
    """The participants of each batch."""
    table = {}
    for subject in subjects_of(*PATIENT_ROLES):
        table.setdefault(batch_of(subject), []).append(subject)
    return table


def batches_of(role):
    """The batches of a role that have members."""
    return sorted(batch for batch in batch_table() if batch.startswith(f"{role}-"))


def mask_of(subject):
    """The baseline mask that features are computed in: the predicted one, or the manual one if the config says so."""
    if MANUAL_MASKS:
        return f"results/cohort/sub-{subject}_baseline_desc-manual_mask.nii.gz"
    return f"results/segmentation/sub-{subject}_baseline_desc-hematoma_mask.nii.gz"


def code_of(rule):
    """Digest of the code a rule's script reaches, so that an edit in the library reruns what it touches."""
    return code_digest(f"{workflow.basedir}/workflow/scripts/{rule}.py")


def grow(amount):
    """A resource that grows with the attempt, for what is killed for want of memory or time; a number or a function."""
    return lambda wildcards, attempt: (amount() if callable(amount) else amount) * 2 ** (attempt - 1)
