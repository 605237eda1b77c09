"""Export of a run, or of a pair trained elsewhere, to a bundle that is checked to read the same."""
