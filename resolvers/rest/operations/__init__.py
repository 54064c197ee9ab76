"""Operations of OpenAPI documents: parameters, bodies, answers, servers and credentials, read into the neutral form."""
