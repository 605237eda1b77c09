"""Bundles: everything that reading with a trained network takes, in one folder or .zip; written, checked and found."""
