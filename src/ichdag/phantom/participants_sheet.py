"""Draw the participants sheet of the synthetic study, with the missing data that a real study would have."""

from typing import Any

from ichdag.jobs import StudyError
from ichdag.phantom import PhantomSettings, phantom_subjects
from ichdag.phantom.population import POPULATIONS
from ichdag.phantom.truth import Truth, draw_truth

# Participants without a manual mask, by number in their role (divisor, remainder): some follow-up scans, and some
# baseline scans of external participants.
NO_FOLLOWUP_MASK = (9, 0)
NO_BASELINE_MASK = (10, 5)


def draw_cohort(
    settings: PhantomSettings, *, seed: int, outcomes: dict[str, str]
) -> tuple[list[dict[str, Any]], dict[str, Truth]]:
    """Draw the participants sheet (one dict per row, None for n/a) and the truth by subject.

    A larger study with the same seed contains the smaller one. Raises StudyError if there are more faulty participants
    than the cohorts take.
    """
    max_faulty = 2 * (min(settings.development, settings.external or settings.development) // 2)
    if settings.faulty > max_faulty:
        raise StudyError(
            f"config phantom.faulty: {settings.faulty} faulty participants asked for; these cohorts take {max_faulty}. "
            "Lower it"
        )
    truth = {
        subject: draw_truth(subject, signal=settings.signal, faulty=settings.faulty, seed=seed, outcomes=outcomes)
        for subject in phantom_subjects(settings)
    }
    return [_sheet_row(subject, subject_truth) for subject, subject_truth in truth.items()], truth


def _sheet_row(subject: str, truth: Truth) -> dict[str, Any]:
    """Return one row of the sheet, with paths relative to it. New patients have no follow-up, mask or outcome."""
    fault = truth["fault"]
    role = truth["role"]
    known = role != "prediction"
    has_file = {
        "baseline_ct": True,
        "followup_ct": known and fault != "no_followup",
        "baseline_mask": known and not _lacks_baseline_mask(truth),
        "followup_mask": known
        and fault != "no_followup"
        and truth["place"] % NO_FOLLOWUP_MASK[0] != NO_FOLLOWUP_MASK[1],
    }
    cohort = POPULATIONS[role].cohort
    row: dict[str, Any] = {"participant_id": f"sub-{subject}", "cohort": cohort, "role": role}
    row |= {name: f"sub-{subject}_{name}.nii.gz" if exists else None for name, exists in has_file.items()}
    row |= {"age": f"{truth['age']:.0f}" if truth["age"] < 89 else "89+", "sex": truth["sex"]}
    row |= {"gcs": int(truth["gcs"]), "nihss": int(truth["nihss"]), "onset_to_ct_hours": truth["hours"]}
    row |= {"site": f"{cohort}-{truth['site']}", "mrs": truth["mrs"] if known and fault != "no_mrs" else None}
    return row | {name: value if known else None for name, value in truth.items() if name.startswith("oracle_")}


def _lacks_baseline_mask(truth: Truth) -> bool:
    """Return whether the baseline mask is missing: as a fault, or in some external participants without a fault."""
    scheduled = truth["role"] == "external" and truth["place"] % NO_BASELINE_MASK[0] == NO_BASELINE_MASK[1]
    return truth["fault"] == "no_baseline_mask" or scheduled
