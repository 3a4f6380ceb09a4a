"""Side by side with plain peers on the same data and the same machine."""
