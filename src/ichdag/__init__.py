"""Radiomics and latent deep features of head CT for outcome prediction after intracerebral hemorrhage."""

__version__ = "0.1.0"
