"""Schemas of OpenAPI documents become types of the neutral form, and their names."""
