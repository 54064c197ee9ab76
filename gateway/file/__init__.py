"""The configuration file: its parts and environments, what is wrong in it and where, and what it comes to."""
