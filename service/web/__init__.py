"""Pages for people: views, templates and what the templates need."""
