"""Cohort: who is included or excluded and why, the quality of the scans, and the outcomes."""
