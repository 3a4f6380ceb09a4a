"""Learning systems: xAPI statements become training events."""
