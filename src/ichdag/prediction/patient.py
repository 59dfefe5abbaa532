"""Apply the frozen model to one scan, with the same steps as in the study."""

from typing import Any

import pandas as pd
import torch

from ichdag.classification.feature_matrices import feature_matrix
from ichdag.cohort.quality import QualitySettings, require_quality
from ichdag.constants import BLOCKS, FEATURE_SETS
from ichdag.features import reduce_block
from ichdag.features.blocks import Block, check_usable, shape_columns
from ichdag.images import Volume
from ichdag.jobs import DataFault
from ichdag.latent.extraction import load_autoencoder, round_to_precision, vaegan_features
from ichdag.latent.patches import PatchSettings, cut_patch
from ichdag.models import read_card
from ichdag.number_format import format_plain
from ichdag.pipelines import read_pipeline
from ichdag.prediction.frozen import FrozenModel
from ichdag.preprocessing.grids import PreprocessingSettings, make_grids
from ichdag.radiomics.feature_extraction import RadiomicsSettings, extract
from ichdag.segmentation.inference import bottleneck_features, lesion_probability, load_network
from ichdag.segmentation.native_grid import MaskSettings, resample_to_native


def predict_patient(
    scan: Volume, *, facts: dict[str, Any], subject: str, model: FrozenModel, device: torch.device
) -> tuple[dict[str, Any], Volume]:
    """Predict the outcomes of one scan (HU): return a record, and the hematoma mask on the native grid.

    `facts` is the information on the scan apart from its voxels (see cohort.quality.measure). The record has subject,
    baseline_volume_ml and one probability for each outcome. Raises DataFault if the scan is not a usable head CT, if it
    has no hematoma of the minimum volume of the model, or if features are not finite.
    """
    settings, limits = model.card.settings, model.card.limits
    head_hu = settings["preprocessing"]["head_hu"]
    require_quality(scan, facts=facts, settings=QualitySettings(**settings["cohort"]["quality"], head_hu=head_hu))
    grids = make_grids(scan, mask=None, settings=PreprocessingSettings(**settings["preprocessing"]))
    views = {"fine": grids["fine"], "coarse": grids["coarse"], "device": device}
    files = model.files
    network = load_network(files["segmentation"], device=device)
    mirror_axes = settings["segmentation"]["inference"]["mirror_axes"]
    mask = _native_mask(lesion_probability(network, **views, mirror_axes=mirror_axes), grids, settings["segmentation"])
    if mask.volume_ml < max(limits["smallest_lesion_ml"], 1e-9):
        min_volume = format_plain(limits["smallest_lesion_ml"])
        raise DataFault("prediction", f"no hematoma of {min_volume} mL or more was found")
    blocks = _lesion_blocks(scan, mask, subject=subject, model=model, device=device)
    if "segmentation" in FEATURE_SETS[settings["features"]]:
        latents = round_to_precision(bottleneck_features(network, **views), settings["precision"]).astype("float32")
        blocks["segmentation"] = Block("segmentation", [subject], latents[None], None)
    for block in blocks.values():
        check_usable(block)
    X = feature_matrix(_reduce(blocks, model), features=settings["features"])
    record = {"subject": subject, "baseline_volume_ml": mask.volume_ml}
    for outcome in limits["outcomes"]:
        pipeline = read_pipeline(files[f"classifier/{outcome}"])
        record[outcome] = float(pipeline.predict_proba(X)[0, 1])
    return record, mask


def _native_mask(probability, grids, settings: dict[str, Any]) -> Volume:
    """Return the mask on the native grid; probabilities are rounded to 8 bits, as they are stored in a study."""
    rounded = (probability * 255).round() / 255
    shape = tuple(int(size) for size in grids["native_shape"])
    mask_settings = MaskSettings(**{name: settings[name] for name in ("threshold", "smallest_component_ml")})
    return resample_to_native(
        Volume(rounded, grids["affine"]), affine=grids["native_affine"], shape=shape, settings=mask_settings
    )


def _lesion_blocks(
    scan: Volume, mask: Volume, *, subject: str, model: FrozenModel, device: torch.device
) -> dict[str, Block]:
    """Compute the blocks of the feature set that need the lesion: radiomics (with shape), latents of the VAE-GAN."""
    settings, files, blocks = model.card.settings, model.files, {}
    names = FEATURE_SETS[settings["features"]]
    if {"radiomics", "shape"} & set(names):
        options = {name: settings["radiomics"][name] for name in ("drop_whole_image_diagnostics", "truncate_resampled")}
        radiomics_settings = RadiomicsSettings(str(files["parameters"]), **options)
        table = pd.DataFrame([extract(scan, mask=mask, settings=radiomics_settings)])
        blocks["radiomics"] = Block("radiomics", [subject], table.to_numpy(), list(table))
    if "vaegan" in names:
        patch, _ = cut_patch(scan, mask=mask, settings=PatchSettings(**settings["patches"]))
        autoencoder = load_autoencoder(files["vaegan"], device=device)
        latents = vaegan_features(autoencoder, patch.astype("float16"), device=device)
        latents = round_to_precision(latents, settings["precision"]).astype("float32")
        blocks["vaegan"] = Block("vaegan", [subject], latents[None], None)
    return blocks


def _reduce(blocks: dict[str, Block], model: FrozenModel) -> dict[str, pd.DataFrame]:
    """Reduce each block with its frozen reduction; shape features are not reduced. Tables are by subject."""
    tables, files = {}, model.files
    for name in BLOCKS:
        if name in blocks and f"reduction/{name}" in files:
            reducer = read_pipeline(files[f"reduction/{name}"])
            limits = read_card(files[f"reduction_card/{name}"]).limits
            tables[name] = reduce_block(blocks[name], reducer=reducer, limits=limits).set_index("subject")
    if "radiomics" in blocks:
        block = blocks["radiomics"]
        features = pd.DataFrame(block.values, index=block.subjects, columns=block.columns)
        tables["shape"] = features[shape_columns(block.columns)]
    return tables
