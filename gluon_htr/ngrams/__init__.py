"""N-gram language models of characters or words: queried in numpy, built, pruned, and kept in compact files."""
