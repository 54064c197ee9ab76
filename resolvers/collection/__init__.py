"""Collections: envelopes, pages and batches that a model shows by signs, and the source that serves pages as one list.

Import from here. How a call is encoded is the clients' business; what the user states is laid on in ``statements.py``.
"""

from resolvers.collection.pages import Paged
from resolvers.collection.paging import paging_positions
from resolvers.collection.recognise import recognise
from resolvers.collection.suggest import Suggestion, row_name, suggest

__all__ = ["Paged", "Suggestion", "paging_positions", "recognise", "row_name", "suggest"]
