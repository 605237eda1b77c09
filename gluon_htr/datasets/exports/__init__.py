"""Pages that were annotated in Dataturks or Label Studio: a file with the addresses of images, and their lines."""
