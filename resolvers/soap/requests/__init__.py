"""Arguments become the bytes of an envelope."""
