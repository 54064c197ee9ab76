"""Envelopes become values and errors."""
