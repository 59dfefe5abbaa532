"""Preprocessing: the head without its table, in one cube, sampled on two isotropic grids, in a window of HU."""
