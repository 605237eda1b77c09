"""Checks of data before training, of a run after it, and of labels with a trained model."""
