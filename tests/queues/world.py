"""Customers with good cards, and the proof that each was billed once for the month."""

from collections import Counter

from genbilling import interface
from genbilling.services.audit import audit
from tests.crash import books, verify
from tests.crash.notes import MSG, STAFF, Notes
from tests.factories import GOOD_CARD, an_owner


def begin(accounts, period):
    """Let so many owners sign up in `period`, use and buy; return the notes of what they owe."""
    notes = Notes()
    for number in range(accounts):
        name = f"owner{number}"
        user = an_owner(MSG, STAFF, card=GOOD_CARD, name=name)
        notes.add_owner(name, period)
        interface.use_product(MSG, user, 1 + number)
        notes.holdings[name, MSG].used = 1 + number
        if number % 3 == 0:
            interface.add_step_to_product(MSG, user, 2)
            notes.buy(name, MSG, 2, period)
    return notes


def compare(notes, period, file, heard):
    """Compare the books, the gateway's (in `file`) and the signals that were `heard` with the notes.

    Returns the findings, and a list of what else is wrong.
    """
    wrong = verify.wrong_holdings(books.holdings(), notes.holdings)
    findings = verify.compare(books.read(file, heard), notes.through(period), wrong)
    return findings, [*verify.wrong_statuses(books.statuses()), *audit(Counter())]
