"""Kill the billing commands at every point that matters, and prove that nobody is charged twice.

Real processes on PostgreSQL, against the offline Braintree in a process of its own, die by SIGKILL and are run
again until nothing is left to do. The exit status is 1 unless all counts of the last line but the first two
are 0.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

# Set, not defaulted: the database is made anew, and that must never happen to another project's.
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
os.environ["GENBILLING_TEST_DATABASE"] = "postgres"

import django

django.setup()

from django.conf import settings
from django.db import connection, connections
from tqdm import tqdm

from genbilling import gateway
from genbilling.models import Invoice
from tests.crash.campaign import Campaign
from tests.crash.starts import fork
from tests.crash.world import World
from tests.sandbox.connections import serve

ATTEMPTS = 40
# So many months in a row without a kill at a new point: what is left was met by an accident of timing.
GIVE_UP = 10


def main():
    options = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    options.add_argument("--kills", type=int, default=1000, help="at least so many (default: 1000)")
    options.add_argument("--seed", type=int, help="of what is left to chance (default: another each time)")
    options.add_argument(
        "--without-claim", action="store_true", help="switch the claim off: double charges must be reported"
    )
    given = options.parse_args()
    seed = given.seed if given.seed is not None else random.randrange(10**6)
    print(f"seed {seed}", flush=True)
    # No thread in the parent of forks.
    tqdm.monitor_interval = 0
    with stage() as (folder, books, url), tqdm(total=given.kills, unit=" kills", disable=None) as bar:
        rng = random.Random(seed)
        campaign = Campaign(
            World(books, rng),
            fork,
            rng,
            folder=folder,
            books=books,
            gateway=url,
            without_claim=given.without_claim,
            progress=bar.update,
        )
        began = time.monotonic()
        wrong = run(campaign, given.kills, bar.write)
        bar.close()
        report(campaign.tally, time.monotonic() - began)
        findings = campaign.findings()
        for problem in findings:
            print(problem)
        print(f"kills {campaign.tally.kills}, invoices {Invoice.objects.numbered().count()}, {findings}")
    return 1 if wrong or any(findings) else 0


@contextmanager
def stage():
    """A database, a served Braintree and a folder for what the children leave, all of this run's own."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="genbilling-crash-")))
        books = folder / "braintree.sqlite3"
        server = stack.enter_context(serve(books))
        settings.BRAINTREE_ENVIRONMENT = f"http://127.0.0.1:{server.port}"
        settings.DATABASES["default"]["TEST"]["NAME"] = "test_genbilling_crash"
        before = connection.settings_dict["NAME"]
        connection.creation.create_test_db(verbosity=0, autoclobber=True)
        stack.callback(connection.creation.destroy_test_db, before, verbosity=0)
        stack.callback(connections.close_all)
        stack.callback(gateway.disconnect)
        yield folder, books, settings.BRAINTREE_ENVIRONMENT


def run(campaign, kills, say):
    """Let months go by until everything was done; return what the months' own comparisons found wrong."""
    tally = campaign.tally
    wrong = campaign.month(attempts=0)
    say(f"{len(tally.met)} points met without a kill; more are met by those who come after one")
    for number in (1, 2):
        vain = 0
        while vain < GIVE_UP and (tally.unkilled(number) or not tally.of(number)):
            before = len(tally.of(number))
            wrong += told(campaign.month(ATTEMPTS, number=number), say)
            vain = 0 if len(tally.of(number)) > before else vain + 1
    while tally.kills < kills:
        wrong += told(campaign.month(ATTEMPTS, number=1 + (campaign.period % 2), by_chance=True), say)
    return wrong


def told(problems, say):
    for problem in problems:
        say(problem)
    return problems


def report(tally, seconds):
    print(f"{'alone':>7}{'in pairs':>10}  killed at")
    for name in sorted(tally.met.keys() | {""}):
        where = name or "any other moment"
        print(f"{tally.alone[name]:7}{tally.in_pairs[name]:10}  {where}")
    print(f"{len(tally.met)} points, {tally.kills} kills in {seconds:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
