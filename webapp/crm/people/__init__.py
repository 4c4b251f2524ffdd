"""People: the persons at the clients."""
