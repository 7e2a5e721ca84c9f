"""The fault matrix, of the first send: what is charged, said and signalled, and that it ends with one sale.

The rows of a resend, and of the search before it, are in test_fault_matrix_of_resends.py.
"""

from dataclasses import replace

import pytest

from tests.scenarios.faulty import (
    BILL,
    MUCH_LATER,
    NIGHTS,
    NOON,
    NOTHING_SENT,
    PAID,
    REFUSED,
    UNKNOWN,
    UNKNOWN_BUT_CHARGED,
    Row,
    each,
)

pytestmark = pytest.mark.django_db

TRIED_AGAIN = replace(PAID, charges="refused paid", heard="credit_card_error invoice_sent")

# Nothing reached the books of the gateway, and everybody knows: no try is counted.
NOT_SENT = each(
    "refuse",
    "connect-timeout",
    *("401", "403", "404", "426", "429"),
    met=NOTHING_SENT,
    ends=replace(PAID, charges="not_sent paid"),
    says="The run was stopped: GatewayUnusable",
)

# No answer, or none that says what became of the sale.
LOST_BEFORE = each(
    *(f"{effect} before" for effect in ("timeout", "reset", "hang-up", "cut-off", "empty", "garbage")),
    *(f"{status} before" for status in (400, 408, 409, 500, 502, 503, 504)),
    "garbage before status=200",
    met=UNKNOWN,
    says="1 uncertain",
)
LOST_AFTER = each(
    *(f"{effect} after" for effect in ("timeout", "reset", "hang-up", "cut-off", "empty", "garbage")),
    *(f"{status} after" for status in (400, 408, 409, 500, 502, 503, 504)),
    "truncated after",
    "amount amount=99.99",
    met=UNKNOWN_BUT_CHARGED,
    says="1 uncertain",
)

# Whether there are sales that the books do not know is found out first: without an answer nobody is charged.
CHECKS = [
    *each(
        *(f"check {how}" for how in ("refuse", "connect-timeout", "401", "403", "404", "426", "429")),
        *(
            f"check {how}"
            for how in ("timeout", "reset", "hang-up", "cut-off", "empty", "garbage", "truncated")
        ),
        *(f"check {status}" for status in (400, 408, 409, 500, 502, 503, 504)),
        met=replace(NOTHING_SENT, charges=""),
        says="Nobody was charged: it could not be found out",
    ),
    *each("check 429 times=2", met=PAID, says="1 paid (20.00)"),
]

# About the key: what the gateway says of an earlier request that it takes this one for.
ABOUT_THE_KEY = [
    # As any validation error: no money moved, and the next try has a new key.
    *each("915230", "915234", met=REFUSED, ends=TRIED_AGAIN, says="1 refused"),
    # No keys for this merchant: sent again at once, without one.
    *each("915231 times=1", met=PAID, says="1 paid (20.00)"),
    *each(
        "915231", met=NOTHING_SENT, ends=replace(PAID, charges="not_sent paid"), says="The run was stopped"
    ),
    Row(faults=("915231 times=1", "timeout after nth=2"), met=UNKNOWN_BUT_CHARGED, says="1 uncertain"),
    # Without a key only the search can tell, and one that finds nothing is believed after a day.
    Row(
        faults=("915231 times=1", "timeout before nth=2"),
        met=UNKNOWN,
        ends=replace(PAID, charges="not_sent paid"),
        ends_after=3,
        says="1 uncertain",
    ),
    *each("915232", "915233", "915235", met=UNKNOWN, says="1 uncertain"),
    *each("915232 after", "915233 after", "915235 after", met=UNKNOWN_BUT_CHARGED, says="1 uncertain"),
]

# An answer like any other, and the same when it is lost.
DECLINED = [
    *each("decline code=2001", "decline code=3000", "decline code=fraud", met=REFUSED, ends=TRIED_AGAIN),
    Row(faults=("decline code=2001", "timeout after"), met=UNKNOWN, ends=REFUSED, says="1 uncertain"),
]

# All the time: nothing is charged that may have been charged, and every dispatch says that it is not done.
DISPATCHES = 1 + 1 + NIGHTS
UNTOUCHED = replace(NOTHING_SENT, charges=" ".join(["not_sent"] * DISPATCHES))
# After a week the key is too old, and what a search does not find after one more day did not happen.
GIVEN_UP_ONCE = replace(UNKNOWN, charges="not_sent pending")
STAYING = [
    *each("refuse", "401", "915231", met=NOTHING_SENT, ends=UNTOUCHED, says="The run was stopped"),
    *each("timeout", "502", "915232", "915235", met=UNKNOWN, ends=GIVEN_UP_ONCE, says="1 uncertain"),
    Row(faults=("timeout", "search 500"), met=UNKNOWN, ends=UNKNOWN, says="1 uncertain"),
    Row(
        faults=("timeout after", "search timeout"),
        met=UNKNOWN_BUT_CHARGED,
        ends=UNKNOWN_BUT_CHARGED,
        says="1 uncertain",
    ),
    Row(
        faults=("amount amount=99.99", "search amount amount=99.99"),
        met=UNKNOWN_BUT_CHARGED,
        ends=UNKNOWN_BUT_CHARGED,
        says="has another amount or order id",
    ),
]


@pytest.mark.parametrize(
    "row", [*CHECKS, *NOT_SENT, *LOST_BEFORE, *LOST_AFTER, *ABOUT_THE_KEY, *DECLINED], ids=str
)
def test_a_fault_on_the_first_send(row, world):
    assert world.dispatch(NOON, *row.faults) == row.met
    assert row.says in world.said
    assert world.recover(NOON) == (row.ends_after, row.ends)
    if row.ends.sales:
        assert world.dispatch(MUCH_LATER) == row.ends
    paid, sold = world.paid_and_sold()
    assert sold == paid


@pytest.mark.parametrize("row", STAYING, ids=str)
def test_a_fault_that_stays(row, world):
    assert world.dispatch(NOON, *row.faults) == row.met
    assert world.recover(NOON, *row.faults) == (None, row.ends)
    assert row.says in world.said
    # Once it is gone the bill is paid all the same.
    stands = world.dispatch(MUCH_LATER)
    assert (stands.exit, stands.invoice, stands.sales) == (0, "sent paid", BILL)
    assert stands.heard == "invoice_sent"
    paid, sold = world.paid_and_sold()
    assert sold == paid
