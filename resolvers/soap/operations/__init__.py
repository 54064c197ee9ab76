"""Services, ports, bindings and messages of WSDL 1.1 become operations."""
