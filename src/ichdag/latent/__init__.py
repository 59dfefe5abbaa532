"""Latent: lesion patches, a VAE-GAN that reconstructs them, and the latent features of both networks."""
