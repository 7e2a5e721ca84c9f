"""What is measured of genbilling. Each gets ready, and returns what then does it and says how much."""

import time

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.utils import timezone

from genbilling import signals
from genbilling.models import Account, Installation
from genbilling.periods import get_current_billing_period
from tests.bench import filling_books, verbs
from tests.bench.statements import Statements


def migrate():
    def work():
        call_command("migrate", verbosity=0)
        return {"count": 0}

    return work


def fill(**how):
    def work():
        filling_books.fill(**how)
        return {"count": how["accounts"]}

    return work


def close():
    period = _ready()
    return lambda: {"count": verbs.close_due(period).counts["closed"]}


def dispatch(in_flight, receiver_ms=None):
    period, statements = _ready(), Statements()

    def receive(**kwargs):
        time.sleep(receiver_ms / 1000)

    if receiver_ms is not None:
        signals.invoice_sent.connect(receive, weak=False)

    def work():
        counts = verbs.dispatch(period, in_flight).counts
        done = counts["paid"] + counts["without a card"]
        return {"count": done, "statements": statements.count, "stamps": statements.stamps}

    return work


def month(name):
    period, verb = _ready(), verbs.MONTH[name]

    def work():
        report = verb(period)
        assert not report.held
        return {"count": report.changed}

    return work


def use(number, times):
    _ready()
    user = get_user_model().objects.get(pk=number)
    assert verbs.use_product("MSG", user)

    def work():
        for _ in range(times):
            assert verbs.use_product("MSG", user) is not False
        return {"count": times}

    return work


def _ready():
    # Connecting is no part of what is measured.
    Account.objects.first()
    # Copies of one database meet in one vault: each is an installation of its own, whose first check is past.
    Installation.objects.get_or_create(pk=1, defaults={"checked_at": timezone.now()})
    return get_current_billing_period()


WORKS = {"migrate": migrate, "fill": fill, "close": close, "dispatch": dispatch, "month": month, "use": use}
