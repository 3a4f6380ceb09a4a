"""Files that people bring: usage, people and whole logs."""
