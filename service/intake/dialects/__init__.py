"""What apps speak already: their payloads become our observations, at the paths that their clients expect."""
