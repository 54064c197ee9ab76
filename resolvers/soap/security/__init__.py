"""WS-Security and WS-Addressing of a SOAP source: header blocks of requests, and what of a reply is to be believed."""
