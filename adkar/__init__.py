"""What it means: pure functions over events and sets. No I/O, no clock, no web, no SQL; `now` is an argument."""
