"""The documented example receivers work as they stand, `invoice.send_payment()` among errors included."""

import json
import subprocess
import sys

import pytest

from tests.settings import TOP


@pytest.mark.django_db(transaction=True)
def test_the_documented_receivers_are_reached_do_not_loop_and_the_next_dispatch_tries_again(database_env):
    done = subprocess.run(
        [sys.executable, "-m", "tests.documented_receivers"],
        cwd=TOP,
        env={**database_env, "GENBILLING_TEST_PRODUCTS": "tests.documented_products.PRODUCTS"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["mails"] == [[said["payer"]]]
    assert said["tries"] == [1, 2], "one try a dispatch: no loop, and tried again"
    assert len(said["not tried"]) == 2, "send_payment() was reached both times"
    assert "refused within the hour" in said["not tried"][0]
    assert "error charging with message" in done.stderr, "its malformed logging call was reached"
