"""Prediction: freeze a model in one folder, and apply it to the scan of a new patient."""
