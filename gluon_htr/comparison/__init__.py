"""Comparison of two readings of the same samples: significance, where they differ, and pictures of the worst lines."""
