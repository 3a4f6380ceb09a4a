"""A slow and obvious second opinion on every metric of use, in plain Python over raw events."""
