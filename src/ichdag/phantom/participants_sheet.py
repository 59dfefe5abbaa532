"""The synthetic study's participants sheet: what a study would know of its people, gaps and all."""

from typing import Any

from ichdag.jobs import StudyError
from ichdag.phantom import PhantomSettings, phantom_subjects
from ichdag.phantom.population import POPULATIONS
from ichdag.phantom.truth import Truth, draw_truth

# Who lacks a manual mask, by place in the role (divisor, rest): some follow-ups, and some baselines of external people.
NO_FOLLOWUP_MASK = (9, 0)
NO_BASELINE_MASK = (10, 5)


def draw_cohort(
    settings: PhantomSettings, *, seed: int, outcomes: dict[str, str]
) -> tuple[list[dict[str, Any]], dict[str, Truth]]:
    """Draw the participants sheet (a dict a row, None for n/a) and, by subject, the truth.

    A larger study of the same seed holds the smaller one. Raises StudyError if there are more faults than participants.
    """
    room = 2 * (min(settings.development, settings.external or settings.development) // 2)
    if settings.faulty > room:
        found = f"{settings.faulty} faulty participants asked for; these cohorts take {room}"
        raise StudyError(f"config phantom.faulty: {found}. Lower it")
    kind = {"signal": settings.signal, "faulty": settings.faulty, "seed": seed, "outcomes": outcomes}
    truth = {subject: draw_truth(subject, **kind) for subject in phantom_subjects(settings)}
    return [_row(subject, own) for subject, own in truth.items()], truth


def _row(subject: str, truth: Truth) -> dict[str, Any]:
    """One row of the participants sheet; paths are relative to it. New patients have no follow-up, mask or outcome."""
    fault, role = truth["fault"], truth["role"]
    known = role != "prediction"
    has = {
        "baseline_ct": True,
        "followup_ct": known and fault != "no_followup",
        "baseline_mask": known and not _lacks_baseline_mask(truth),
        "followup_mask": known
        and fault != "no_followup"
        and truth["place"] % NO_FOLLOWUP_MASK[0] != NO_FOLLOWUP_MASK[1],
    }
    cohort = POPULATIONS[role].cohort
    row: dict[str, Any] = {"participant_id": f"sub-{subject}", "cohort": cohort, "role": role}
    row |= {name: f"sub-{subject}_{name}.nii.gz" if there else None for name, there in has.items()}
    row |= {"age": f"{truth['age']:.0f}" if truth["age"] < 89 else "89+", "sex": truth["sex"]}
    row |= {"gcs": int(truth["gcs"]), "nihss": int(truth["nihss"]), "onset_to_ct_hours": truth["hours"]}
    row |= {"site": f"{cohort}-{truth['site']}", "mrs": truth["mrs"] if known and fault != "no_mrs" else None}
    return row | {name: value if known else None for name, value in truth.items() if name.startswith("oracle_")}


def _lacks_baseline_mask(truth: Truth) -> bool:
    """A fault of its own, and some external participants without one, whose lesion only the network draws."""
    scheduled = truth["role"] == "external" and truth["place"] % NO_BASELINE_MASK[0] == NO_BASELINE_MASK[1]
    return truth["fault"] == "no_baseline_mask" or scheduled
