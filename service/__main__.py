"""`python -m service` is `takehold`."""

from service.cli import main

if __name__ == "__main__":
    main()
