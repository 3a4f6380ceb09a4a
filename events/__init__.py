"""What happened: event types and the logs that keep them. Imports none of the other packages."""
