"""The process: API, intake, pages, read models, worker and command line. The only package that knows the others."""
