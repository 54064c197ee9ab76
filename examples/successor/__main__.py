"""``python -m examples.successor``: starts both systems and tells each call they get; the shop is a file of SQLite."""

import tempfile
from pathlib import Path

from examples.successor.systems import exports, shop, systems
from examples.systems import stand

made = systems(8221)
stand(made, {**exports(made), "SHOP_URL": shop(Path(tempfile.gettempdir()) / "isthmus-shop.db")})
