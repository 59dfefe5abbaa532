"""Segmentation: hematoma masks from a dual-scale residual U-Net, and from its single-scale variant to compare."""
