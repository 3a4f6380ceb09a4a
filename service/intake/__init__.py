"""What apps, files and learning systems send, turned into our observations and facts."""
