"""OpenAPI documents as trees: their files, references, lines, and Swagger 2.0 turned into OpenAPI 3."""
