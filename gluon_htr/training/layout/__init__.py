"""Training of networks that find the lines of pages."""
