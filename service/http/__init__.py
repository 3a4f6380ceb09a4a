"""What every route shares: how bodies are read, fields are checked and errors are answered. Knows no resource."""
