"""Arguments become the bytes of a request."""
