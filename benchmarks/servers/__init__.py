"""Servers that are competitors, each a module. Imports nothing: no server may carry the libraries of another."""
