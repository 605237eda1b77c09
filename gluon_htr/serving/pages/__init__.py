"""Whole pages: files from clients, their queue, and the output formats."""
