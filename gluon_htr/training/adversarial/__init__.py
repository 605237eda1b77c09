"""Semi-supervised training against a generator of characters (Salimans et al. 2016).

A network of K classes is also taught to tell real characters, labeled or not, from generated ones. Its logits l give
the probability that a picture is real: Z / (Z + 1), Z = Σ exp(l). The generator learns to draw characters whose
features have the mean of those of real ones.
"""
