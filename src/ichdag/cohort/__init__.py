"""Cohort: who is in the study, who is left out and why, outcomes and folds."""
