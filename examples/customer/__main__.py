"""``python -m examples.customer [--without crm|billing]``: starts the systems and tells each call they get.

The database is a file of SQLite, which stays for the next start, unless ``WAREHOUSE_URL`` names one in which
``warehouse.sql`` was run.
"""

import os
import sys
import tempfile
from pathlib import Path

from examples.customer.systems import exports, systems, warehouse
from examples.systems import stand

made = systems(8211)
told = exports(made)
absent = sys.argv[2] if sys.argv[1:2] == ["--without"] else ""
file = Path(tempfile.gettempdir()) / "isthmus-warehouse.db"
told["WAREHOUSE_URL"] = os.environ.get("WAREHOUSE_URL") or warehouse(file)
stand({name: system for name, system in made.items() if name != absent}, told)
