"""The demo: a trading company whose CRM speaks REST, whose billing speaks SOAP and whose warehouse is a database."""

from gateway.demo.folder import trading_folder
from gateway.demo.journal import Entry, Journal, calls
from gateway.demo.roles import ROLES, Grant, tokens
from gateway.demo.servers import DemoServers

__all__ = ["ROLES", "DemoServers", "Entry", "Grant", "Journal", "calls", "tokens", "trading_folder"]
