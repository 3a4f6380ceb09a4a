"""Read models: what the log means, ready to be asked. Each is one file: table, apply, queries."""
