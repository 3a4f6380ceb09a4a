"""The command line `takehold`. Exit codes: 0 done, 1 something is wrong, 2 wrong usage."""

from service.cli.main import main

__all__ = ["main"]
