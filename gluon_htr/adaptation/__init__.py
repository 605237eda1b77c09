"""Adaptation of a model to a hand without labels: it learns from what it reads itself, helped by a language model."""
