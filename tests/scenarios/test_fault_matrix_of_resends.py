"""The fault matrix, of an answer that was lost: the search for the sale, the same request sent again.

The rows of the first send are in test_fault_matrix.py.
"""

from dataclasses import replace

import pytest

from tests.scenarios.faulty import (
    A_WEEK_AND_A_DAY_LATER,
    MUCH_LATER,
    NOON,
    PAID,
    REFUSED,
    UNKNOWN,
    UNKNOWN_BUT_CHARGED,
    Row,
    each,
)

pytestmark = pytest.mark.django_db

TRIED_AGAIN = replace(PAID, charges="refused paid", heard="credit_card_error invoice_sent")
ANEW = replace(PAID, charges="not_sent paid")

NOTHING_SENT = ("refuse", "connect-timeout", "401", "403", "404", "426", "429")
LOST = ("timeout", "reset", "hang-up", "cut-off", "empty", "garbage", 400, 408, 409, 500, 502, 503, 504)

# The gateway has not seen the sale, and sees it now.
SENT_AGAIN = {"first": "timeout before"}
RESENDS = [
    # That this sending did not arrive proves nothing of the first one: the claim stands.
    *each(*NOTHING_SENT, met=UNKNOWN, says="The run was stopped: GatewayUnusable", **SENT_AGAIN),
    *each(*(f"{how} before" for how in LOST), met=UNKNOWN, says="1 uncertain", **SENT_AGAIN),
    *each(*(f"{how} after" for how in LOST), met=UNKNOWN_BUT_CHARGED, says="1 uncertain", **SENT_AGAIN),
    *each("truncated after", "amount amount=99.99", met=UNKNOWN_BUT_CHARGED, **SENT_AGAIN),
    *each("decline code=2001", "decline code=fraud", met=REFUSED, ends=TRIED_AGAIN, **SENT_AGAIN),
]
ABOUT_THE_KEY = [
    *each("915230", "915234", met=REFUSED, ends=TRIED_AGAIN, says="1 refused", **SENT_AGAIN),
    # The first one may have gone under its key all the same. From now on only the search can tell; one that
    # finds nothing is believed a day after the last sending.
    *each("915231", met=UNKNOWN, ends=ANEW, ends_after=3, says="1 uncertain", **SENT_AGAIN),
    *each("915232", "915233", "915235", met=UNKNOWN, says="1 uncertain", **SENT_AGAIN),
    *each("915232 after", "915233 after", "915235 after", met=UNKNOWN_BUT_CHARGED, **SENT_AGAIN),
]


def searching(*faults, **row):
    """Rows for faults of the search, whether or not there is a sale to be found."""
    lines = [f"search {fault}" for fault in faults]
    return [
        *each(*lines, first="timeout before", met=UNKNOWN, **row),
        *each(*lines, first="timeout after", met=UNKNOWN_BUT_CHARGED, **row),
    ]


# Without an answer to the search nothing is sent.
SEARCHES = [
    *searching(*NOTHING_SENT, says="The run was stopped: GatewayUnusable"),
    *searching(*LOST, "truncated", says="1 uncertain"),
    # The second half of a search that found something.
    *each(
        *(f"search {how} nth=2" for how in (*LOST, "truncated", "amount amount=99.99")),
        first="timeout after",
        met=UNKNOWN_BUT_CHARGED,
        says="1 uncertain",
    ),
]

# Nothing is found yet: under its key the sale comes back, and is not made twice.
LAG = "search search-lag seconds=86400"
FINDING_NOTHING_YET = [
    Row(faults=(LAG,), first="timeout after", met=PAID),
    Row(faults=(LAG, "timeout after"), first="timeout after", met=UNKNOWN_BUT_CHARGED),
    Row(faults=(LAG, "401"), first="timeout after", met=UNKNOWN_BUT_CHARGED, says="The run was stopped"),
    Row(faults=(LAG, "915231"), first="timeout after", met=UNKNOWN_BUT_CHARGED, says="1 uncertain"),
]

LATE = {"again": A_WEEK_AND_A_DAY_LATER}
TOO_OLD_KEYS = [
    # What is not found by now did not happen: a new try gets a new key.
    Row(faults=(), first="timeout before", met=ANEW, ends=ANEW, **LATE),
    Row(faults=(), first="timeout after", met=PAID, **LATE),
    Row(
        faults=("timeout after",),
        first="timeout before",
        met=replace(UNKNOWN_BUT_CHARGED, charges="not_sent pending"),
        ends=ANEW,
        **LATE,
    ),
    Row(
        faults=("429",),
        first="timeout before",
        met=replace(UNKNOWN, charges="not_sent not_sent", invoice="sent"),
        ends=replace(ANEW, charges="not_sent not_sent paid"),
        **LATE,
    ),
    *each("search 500", first="timeout before", met=UNKNOWN, ends=ANEW, **LATE),
    *each("search 500", first="timeout after", met=UNKNOWN_BUT_CHARGED, **LATE),
]


@pytest.mark.parametrize(
    "row", [*RESENDS, *ABOUT_THE_KEY, *SEARCHES, *FINDING_NOTHING_YET, *TOO_OLD_KEYS], ids=str
)
def test_a_fault_while_it_is_found_out_what_became_of_a_lost_answer(row, world):
    assert world.dispatch(NOON, row.first) == (UNKNOWN if "before" in row.first else UNKNOWN_BUT_CHARGED)
    assert world.dispatch(row.again, *row.faults) == row.met
    assert row.says in world.said
    assert world.recover(row.again) == (row.ends_after, row.ends)
    assert world.dispatch(MUCH_LATER) == row.ends
    paid, sold = world.paid_and_sold()
    assert sold == paid
