"""Experiments: variants of a training, each trained in a process of its own, and compared at the end."""
