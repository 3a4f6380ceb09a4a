"""Web pages: views and templates."""
