"""Reminder rules and what happens to a reminder before it is sent. Decides; never sends, never reads a clock."""
