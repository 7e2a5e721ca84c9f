"""A process that charges, for the tests that need several: ``python -m tests.sandbox.worker``.

Arguments: how, the path of the books, and the keys to charge under. It prints the id of each sale.
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

from genbilling.sandbox import Sandbox

from .connections import embedded_gateway
from .factories import sell


def main(how, path, *keys):
    with Sandbox(path) as sandbox:
        gateway = embedded_gateway(sandbox)

        def charge(key):
            return sell(gateway, api_request_key=key, order_id=key).id

        if how == "fork":
            fork_and_charge(charge, keys)
        else:
            with ThreadPoolExecutor(4) as pool:
                tell(pool.map(charge, keys))


def tell(ids):
    # In one write, because a parent and its child may tell at the same time.
    sys.stdout.write(" ".join(ids) + "\n")
    sys.stdout.flush()


def fork_and_charge(charge, keys):
    """Charge before the fork, then in both processes at once."""
    tell([charge(keys[0])])
    child = os.fork()
    mine = [charge(key) for key in keys[1 if child else 2 :: 2]]
    tell(mine)
    if child:
        _, status = os.waitpid(child, 0)
        assert status == 0


if __name__ == "__main__":
    main(*sys.argv[1:])
