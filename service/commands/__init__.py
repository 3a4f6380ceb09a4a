"""One function a use case: reads what it must decide on, asks adkar, records what follows. All of it or nothing."""
