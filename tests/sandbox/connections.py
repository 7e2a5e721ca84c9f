"""Ways to reach a sandbox: inside this process, and over HTTP in a process of its own."""

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import braintree
from braintree.environment import Environment

from genbilling.sandbox import http_strategy

ROOT = Path(__file__).parents[2]
KEYS = {
    "merchant_id": "integration_merchant_id",
    "public_key": "integration_public_key",
    "private_key": "integration_private_key",
}


def embedded_gateway(sandbox, **keys):
    """Return the SDK's gateway on a sandbox, or on the path of one, in this process."""
    return braintree.BraintreeGateway(
        braintree.Configuration(
            Environment.Development, **{**KEYS, **keys}, http_strategy=http_strategy(sandbox)
        )
    )


@contextmanager
def http_gateway(port, **keys):
    """Give the SDK's gateway on a server on this machine; close its connection at the end."""
    environment = Environment("local", "127.0.0.1", str(port), "http://auth.invalid", False, None)
    config = braintree.Configuration(environment, **{**KEYS, **keys})
    yield braintree.BraintreeGateway(config)
    config.close()


# In other processes, too, warnings are errors; but the SDK warns about itself when it is imported.
WARNINGS = (
    "error,"
    "ignore:Use ProtectionLevel enum instead:DeprecationWarning,"
    "ignore:Use protection_level parameter instead:DeprecationWarning"
)


def environment_of_servers():
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": WARNINGS}


@contextmanager
def serve(db, *options):
    """Run a server on a free port; give the process, which has the port as an attribute."""
    command = [sys.executable, "-m", "genbilling.sandbox", "--port", "0", "--db", str(db), *options]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment_of_servers(), stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            process.books = db
            process.line = process.stdout.readline()
            process.port = int(re.search(r"http://127\.0\.0\.1:(\d+) ", process.line)[1])
            yield process
        finally:
            process.terminate()
