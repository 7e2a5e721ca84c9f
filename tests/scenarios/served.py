"""A gateway on this host with a merchant of the test's own."""

import threading
from contextlib import contextmanager

from genbilling.sandbox import Merchant, Sandbox
from genbilling.sandbox.server import SandboxServer


@contextmanager
def served(settings, books, **merchant):
    """Serve a merchant that is so, with its books in that file; the settings point at it."""
    with Sandbox(books, merchant=Merchant(**merchant)) as sandbox:
        server = SandboxServer(("127.0.0.1", 0), sandbox)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        settings.BRAINTREE_ENVIRONMENT = f"http://127.0.0.1:{server.server_port}"
        yield sandbox
        server.shutdown()
        thread.join()
        server.server_close()
