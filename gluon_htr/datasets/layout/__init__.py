"""Pages with the places of their lines, on which the finding of lines is trained and scored."""
