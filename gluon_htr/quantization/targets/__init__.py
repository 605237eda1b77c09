"""What a board gets: a folder for each family of DPUs, and the programs in it."""
