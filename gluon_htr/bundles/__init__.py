"""Bundles: everything needed to read with a trained network, in one folder or .zip; written, checked and found."""
