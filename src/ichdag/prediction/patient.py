"""Apply the frozen model to one scan, with the same steps as in the study."""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import torch

from ichdag.classification.feature_matrices import feature_matrix
from ichdag.classification.validation import predict_probability
from ichdag.cohort.quality import QualitySettings, require_quality
from ichdag.constants import BLOCKS, FEATURE_SETS
from ichdag.features import reduce_block
from ichdag.features.blocks import Block, block_of_subject, check_usable, shape_columns
from ichdag.images import Volume
from ichdag.jobs import DataFault
from ichdag.latent.extraction import extract_latents, load_autoencoder, vaegan_features
from ichdag.latent.patches import PatchSettings, cut_patch
from ichdag.models import read_card
from ichdag.number_format import format_plain
from ichdag.pipelines import read_pipeline
from ichdag.prediction.frozen import FrozenModel
from ichdag.preprocessing.network_grids import PreprocessingSettings, make_grids
from ichdag.radiomics.feature_extraction import RadiomicsSettings, extract
from ichdag.segmentation.dual_scale_unet import DualScaleUNet
from ichdag.segmentation.inference import InferenceSettings, bottleneck_features, load_network, segment_scan
from ichdag.segmentation.native_grid import MaskSettings, native_mask


def predict_patient(
    scan: Volume, *, facts: dict[str, Any], subject: str, model: FrozenModel, device: torch.device
) -> tuple[dict[str, Any], Volume]:
    """Predict the outcomes of one scan (HU): return a record, and the hematoma mask on the native grid.

    `facts` is the information on the scan apart from its voxels (see cohort.quality.measure_quality). The record has
    subject, baseline_volume_ml and one probability for each outcome. Raises DataFault if the scan is not a usable head
    CT, if it has no hematoma of the minimum volume of the model, or if features are not finite.
    """
    settings = model.card.settings
    files = model.files
    head_hu = settings["preprocessing"]["head_hu"]
    require_quality(scan, facts=facts, settings=QualitySettings(**settings["cohort"]["quality"], head_hu=head_hu))
    grids = make_grids(scan, mask=None, settings=PreprocessingSettings(**settings["preprocessing"]))
    network = load_network(files["segmentation"], device=device)
    inference = InferenceSettings(**settings["segmentation"]["inference"])
    probability = segment_scan([network], grids=grids, settings=inference, device=device)
    cleanup = {name: settings["segmentation"][name] for name in ("threshold", "min_component_ml")}
    mask = native_mask(probability, grids=grids, settings=MaskSettings(**cleanup))
    min_volume_ml = model.card.limits["min_lesion_ml"]
    if mask.volume_ml < max(min_volume_ml, 1e-9):
        raise DataFault("prediction", f"no hematoma of {format_plain(min_volume_ml)} mL or more was found")
    features = _radiomics(scan, mask, model) | _latents(scan, mask, grids, model, network, device)
    blocks = {name: block_of_subject(subject, name=name, values=values) for name, values in features.items()}
    X = feature_matrix(_reduce(blocks, model), features=settings["features"])
    record = {"subject": subject, "baseline_volume_ml": mask.volume_ml}
    for outcome in model.card.limits["outcomes"]:
        record[outcome] = float(predict_probability(read_pipeline(files[f"classifier/{outcome}"]), X)[0])
    return record, mask


def _radiomics(scan: Volume, mask: Volume, model: FrozenModel) -> dict[str, dict[str, float] | np.ndarray]:
    """Extract the radiomic features if the feature set has radiomics or shape: block radiomics, by column."""
    settings = model.card.settings
    if not {"radiomics", "shape"} & set(FEATURE_SETS[settings["features"]]):
        return {}
    options = {name: settings["radiomics"][name] for name in ("drop_whole_image_diagnostics", "truncate_resampled")}
    radiomics_settings = RadiomicsSettings(str(model.files["parameters"]), **options)
    return {"radiomics": extract(scan, mask=mask, settings=radiomics_settings)}


def _latents(
    scan: Volume,
    mask: Volume,
    grids: dict[str, np.ndarray],
    model: FrozenModel,
    network: DualScaleUNet,
    device: torch.device,
) -> dict[str, dict[str, float] | np.ndarray]:
    """Extract the latents of the feature set: segmentation, vaegan. Numbers that are too large become infinite."""
    settings = model.card.settings
    names = FEATURE_SETS[settings["features"]]
    patch = encode_scan = encode_patch = None
    if "segmentation" in names:
        encode_scan = partial(bottleneck_features, network, device=device)
    if "vaegan" in names:
        patch, _ = cut_patch(scan, mask=mask, settings=PatchSettings(**settings["patches"]))
        encode_patch = partial(vaegan_features, load_autoencoder(model.files["vaegan"], device=device), device=device)
    latents = extract_latents(
        grids,
        patch=patch,
        encode_scan=encode_scan,
        encode_patch=encode_patch,
        precision=settings["precision"],
        refuse_overflow=False,
    )
    return {**latents}


def _reduce(blocks: dict[str, Block], model: FrozenModel) -> dict[str, pd.DataFrame]:
    """Reduce each block with its frozen reduction; shape features are not reduced. Tables are by subject."""
    tables = {}
    files = model.files
    for block in blocks.values():
        check_usable(block)
    for name in BLOCKS:
        if name in blocks and f"reduction/{name}" in files:
            reducer = read_pipeline(files[f"reduction/{name}"])
            limits = read_card(files[f"reduction_card/{name}"]).limits
            tables[name] = reduce_block(blocks[name], reducer=reducer, limits=limits).set_index("subject")
    if "radiomics" in blocks:
        block = blocks["radiomics"]
        features = pd.DataFrame(block.values, index=block.subjects, columns=block.columns)
        tables["shape"] = features[shape_columns(list(features))]
    return tables
