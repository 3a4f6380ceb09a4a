"""What goes wrong in the world, done to real processes on both engines; whole with `make torture`, short with the tests."""
