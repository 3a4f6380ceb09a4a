"""Questions over one snapshot: read models and activity sets in, adkar's answers out."""
