"""Lines of a page from the class probabilities of its pixels: components, baselines, polygons."""
