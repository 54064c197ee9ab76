"""WSDL and XML Schema documents: fetched with all that they import, and the standard schemas that none need fetch."""
