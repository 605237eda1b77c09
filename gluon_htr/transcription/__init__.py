"""Batches of many pages that survive failures: sources, a journal, engines that read, results and a report.

Start at `batch.py`: it takes pages from the journal, gives them to an engine, and records what comes back.
"""
