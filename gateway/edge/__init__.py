"""GraphQL over HTTP: from a request to its operation and from there to the reply."""
