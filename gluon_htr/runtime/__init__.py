"""Reading with a trained network, without the workshop."""
