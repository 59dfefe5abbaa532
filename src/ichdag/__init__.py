"""Radiomics and latent deep features of head CT for outcome prediction after intracerebral hemorrhage."""
