"""The schema's history; `upgrade` brings a store to the newest version."""
