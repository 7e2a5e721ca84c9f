"""An offline Braintree, to which the official SDK talks unchanged.

In the process: give ``http_strategy(path)`` to ``braintree.Configuration``. Over HTTP: run
``python -m genbilling.sandbox --db FILE`` and use ``braintree.Environment.Development``.
"""

from .errors import BooksError
from .gateway import Sandbox
from .merchants import Merchant
from .transport import http_strategy

__all__ = ["BooksError", "Merchant", "Sandbox", "http_strategy"]
