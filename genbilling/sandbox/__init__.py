"""An offline Braintree, to which the official SDK talks unchanged.

In the process: give ``http_strategy(path)`` to ``braintree.Configuration``. Over HTTP: run
``python -m genbilling.sandbox --db FILE`` and use ``braintree.Environment.Development``.
"""

from . import quietly  # noqa: F401 - before all that import the SDK
from .dispute_orders import DisputeError
from .errors import BooksError
from .fault_book import PlacedFault
from .faults import Fault, FaultError
from .gateway import Sandbox
from .merchants import DEVELOPMENT_MERCHANTS, Merchant, Trait
from .transport import connect, http_strategy
from .webhooks import WebhookError

__all__ = [
    "DEVELOPMENT_MERCHANTS",
    "BooksError",
    "DisputeError",
    "Fault",
    "FaultError",
    "Merchant",
    "PlacedFault",
    "Sandbox",
    "Trait",
    "WebhookError",
    "connect",
    "http_strategy",
]
