"""What a request costs the gateway, beside hand-written code and plain Strawberry: see ``docs/performance.md``."""
