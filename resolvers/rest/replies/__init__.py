"""The bytes of a reply become rows."""
