"""Programs of others that do the same work, each in a virtual environment of its own."""
