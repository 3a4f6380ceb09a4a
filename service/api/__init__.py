"""The JSON API under /api/v1: a schema and a few lines a route; what happens is in commands and queries."""
