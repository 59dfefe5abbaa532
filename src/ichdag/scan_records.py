"""Records of a participant's scans: what the conversion writes, and what the checks of their quality add."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ichdag.constants import STATUSES
from ichdag.records import field_schema

KINDS = ("dicom", "nifti")


@dataclass(frozen=True, kw_only=True)
class ConvertedScan:
    """One scan of a participant, with its manual mask, after conversion.

    `absent` has ct and mask where there is no such image, each with the reason. `facts` is what is known of the scan
    apart from its voxels (such as slice_thickness_mm and padding_hu), `series` lists the DICOM series that were there.
    The digests are those of the voxels of scan and mask: the same for the same image.
    """

    status: str = field(metadata=field_schema(str, values=STATUSES))
    stage: str | None = field(metadata=field_schema(str, missing=True))
    reason: str | None = field(metadata=field_schema(str, missing=True))
    kind: str | None = field(metadata=field_schema(str, values=KINDS, missing=True))
    spacing_mm: str | None = field(metadata=field_schema(str, missing=True))
    manual_volume_ml: float | None = field(metadata=field_schema(float, missing=True))
    digest: str | None = field(metadata=field_schema(str, missing=True))
    mask_digest: str | None = field(metadata=field_schema(str, missing=True))
    facts: dict[str, Any] = field(metadata=field_schema(dict))
    series: list[dict[str, Any]] = field(metadata=field_schema(list))
    absent: dict[str, str] = field(metadata=field_schema(dict))


@dataclass(frozen=True, kw_only=True)
class CheckedScan(ConvertedScan):
    """A converted scan with the checks of its quality, a row each (see `cohort.quality.apply_limits`), and warnings."""

    checks: list[dict[str, Any]] = field(metadata=field_schema(list))
    warnings: list[str] = field(metadata=field_schema(list))


@dataclass(frozen=True)
class ConversionRecord:
    """The file sub-*_conversion.json: both scans of a participant after conversion."""

    subject: str = field(metadata=field_schema(str))
    baseline: ConvertedScan = field(metadata=field_schema(ConvertedScan))
    followup: ConvertedScan = field(metadata=field_schema(ConvertedScan))

    @property
    def scans(self) -> Mapping[str, ConvertedScan]:
        """The scans by timepoint."""
        return {"baseline": self.baseline, "followup": self.followup}


@dataclass(frozen=True)
class ScanRecord:
    """The file sub-*_scans.json: both scans of a participant with their checks, and whether each is included."""

    subject: str = field(metadata=field_schema(str))
    baseline: CheckedScan = field(metadata=field_schema(CheckedScan))
    followup: CheckedScan = field(metadata=field_schema(CheckedScan))

    @property
    def scans(self) -> Mapping[str, CheckedScan]:
        """The scans by timepoint."""
        return {"baseline": self.baseline, "followup": self.followup}
