"""A made-up insurer whose claims department rolls out an AI assistant: the same story for every seed."""
