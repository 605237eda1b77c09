"""Middleware: what holds for every request."""
