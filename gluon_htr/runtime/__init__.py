"""Reading with a trained network; needs the base install only."""
