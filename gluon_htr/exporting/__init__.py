"""From a run, or a pair that somebody trained, to a bundle that is proven to read the same."""
