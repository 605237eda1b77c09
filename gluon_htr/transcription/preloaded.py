"""Imported by the server that worker processes are forked from: it loads the models."""

from .isolation import preload

preload()
