"""The frozen model on one scan: the same steps as the study, from the folder alone."""

from typing import Any

import pandas as pd
import torch

from ichdag.classification.feature_matrices import feature_matrix
from ichdag.cohort.quality import QualitySettings, require_quality
from ichdag.features import reduce_block
from ichdag.features.blocks import Block, check_usable, shape_columns
from ichdag.images import Volume
from ichdag.jobs import DataFault
from ichdag.latent.extraction import load_autoencoder, rounded, vaegan_features
from ichdag.latent.patches import PatchSettings, cut_patch
from ichdag.models import read_card
from ichdag.names import BLOCKS, FEATURE_SETS
from ichdag.numerals import numeral
from ichdag.pipelines import read_pipeline
from ichdag.prediction.frozen import FrozenModel
from ichdag.preprocessing.grids import Settings as GridSettings
from ichdag.preprocessing.grids import make_grids
from ichdag.radiomics.extraction import Settings as RadiomicsSettings
from ichdag.radiomics.extraction import extract
from ichdag.segmentation.inference import bottleneck_features, lesion_probability, load_network
from ichdag.segmentation.restoration import RestorationSettings, restore_mask


def predict_patient(
    scan: Volume, *, facts: dict[str, Any], subject: str, model: FrozenModel, device: torch.device
) -> tuple[dict[str, Any], Volume]:
    """Probability of each outcome for one scan (HU), and the hematoma mask on its grid.

    `facts` is what is known of the scan beside its voxels (see cohort.quality.measure). Returns a record: subject,
    baseline_volume_ml and one probability an outcome. Raises DataFault if the scan is not a usable head CT, shows no
    hematoma of the size the model was made for, or has features that are infinite.
    """
    settings, limits = model.card.settings, model.card.limits
    head_hu = settings["preprocessing"]["head_hu"]
    require_quality(scan, facts=facts, settings=QualitySettings(**settings["cohort"]["quality"], head_hu=head_hu))
    grids = make_grids(scan, mask=None, settings=GridSettings(**settings["preprocessing"]))
    views = {"fine": grids["fine"], "coarse": grids["coarse"], "device": device}
    files = model.files
    network = load_network(files["segmentation"], device=device)
    mirror_axes = settings["segmentation"]["inference"]["mirror_axes"]
    mask = _mask(lesion_probability(network, **views, mirror_axes=mirror_axes), grids, settings["segmentation"])
    if mask.volume_ml < max(limits["smallest_lesion_ml"], 1e-9):
        smallest = numeral(limits["smallest_lesion_ml"])
        raise DataFault("prediction", f"no hematoma of {smallest} mL or more was found")
    blocks = _blocks(scan, mask, subject=subject, model=model, device=device)
    if "segmentation" in FEATURE_SETS[settings["features"]]:
        latents = rounded(bottleneck_features(network, **views), settings["precision"]).astype("float32")
        blocks["segmentation"] = Block("segmentation", [subject], latents[None], None)
    for block in blocks.values():
        check_usable(block)
    values = feature_matrix(_reduced(blocks, model), features=settings["features"])
    record = {"subject": subject, "baseline_volume_ml": mask.volume_ml}
    for outcome in limits["outcomes"]:
        pipeline = read_pipeline(files[f"classifier/{outcome}"])
        record[outcome] = float(pipeline.predict_proba(values)[0, 1])
    return record, mask


def _mask(probability, grids, settings: dict[str, Any]) -> Volume:
    """The mask on the scan's own grid; probabilities are rounded to 8 bits, as the study stores them."""
    stored = (probability * 255).round() / 255
    shape = tuple(int(size) for size in grids["native_shape"])
    restoration = RestorationSettings(**{name: settings[name] for name in ("threshold", "smallest_component_ml")})
    return restore_mask(
        Volume(stored, grids["affine"]), affine=grids["native_affine"], shape=shape, settings=restoration
    )


def _blocks(scan: Volume, mask: Volume, *, subject: str, model: FrozenModel, device: torch.device) -> dict[str, Block]:
    """The blocks that the lesion gives: radiomics (with shape) and the VAE-GAN's latents, as far as they are wanted."""
    settings, files, blocks = model.card.settings, model.files, {}
    wanted = FEATURE_SETS[settings["features"]]
    if {"radiomics", "shape"} & set(wanted):
        chosen = {name: settings["radiomics"][name] for name in ("drop_whole_image_diagnostics", "truncate_resampled")}
        own = RadiomicsSettings(str(files["parameters"]), **chosen)
        found = pd.DataFrame([extract(scan, mask=mask, settings=own)])
        blocks["radiomics"] = Block("radiomics", [subject], found.to_numpy(), list(found))
    if "vaegan" in wanted:
        patch, _ = cut_patch(scan, mask=mask, settings=PatchSettings(**settings["patches"]))
        autoencoder = load_autoencoder(files["vaegan"], device=device)
        latents = vaegan_features(autoencoder, patch.astype("float16"), device=device)
        latents = rounded(latents, settings["precision"]).astype("float32")
        blocks["vaegan"] = Block("vaegan", [subject], latents[None], None)
    return blocks


def _reduced(blocks: dict[str, Block], model: FrozenModel) -> dict[str, pd.DataFrame]:
    """Each block through its frozen reduction, and the shape features as they are, by subject."""
    tables, files = {}, model.files
    for name in BLOCKS:
        if name in blocks and f"reduction/{name}" in files:
            reducer = read_pipeline(files[f"reduction/{name}"])
            limits = read_card(files[f"reduction_card/{name}"]).limits
            tables[name] = reduce_block(blocks[name], reducer=reducer, limits=limits).set_index("subject")
    if "radiomics" in blocks:
        block = blocks["radiomics"]
        whole = pd.DataFrame(block.values, index=block.subjects, columns=block.columns)
        tables["shape"] = whole[shape_columns(block.columns)]
    return tables
