"""Declarations of XML Schema become shapes, and shapes types of the neutral form."""
