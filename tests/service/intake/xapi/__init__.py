"""Learning systems deliver xAPI statements."""
