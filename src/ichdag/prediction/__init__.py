"""Prediction: everything a new patient needs, frozen in one folder, and its application to one scan."""
