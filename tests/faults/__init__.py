"""What goes wrong in the world, done to real processes on both engines: whole by `make torture`, short by the tests."""
