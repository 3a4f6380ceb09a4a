"""The command line, for those who start it as a module."""

from service.cli import main

if __name__ == "__main__":
    main()
