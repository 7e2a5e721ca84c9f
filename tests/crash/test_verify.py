"""The proof finds what is wrong: good books made bad in one place each."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.crash import verify
from tests.crash.books import Bill, Books, Sale, Try
from tests.crash.notes import MSG, Holding, Line, Notes

OWED = Decimal("19.98")
BILL = Bill(pk=7, owner="anna", period=202602, number=1, total=OWED, paid=True)
REFUSED = Try(pk=1, bill=7, order_id="first", state="REFUSED", with_card=True)
WITHOUT_CARD = Try(pk=2, bill=7, order_id="none", state="REFUSED", with_card=False)
PAID = Try(pk=3, bill=7, order_id="third", state="PAID", with_card=True)
SALE = Sale(order_id="third", amount=OWED, took_money=True)


@pytest.fixture
def notes():
    noted = Notes()
    noted.add_owner("anna", 202601)
    noted.turn(202602)
    return noted.through(202602)


@pytest.fixture
def books(notes):
    return Books(
        bills=[BILL],
        lines=notes[0],
        tries=[REFUSED, WITHOUT_CARD, PAID],
        sales=[replace(SALE, order_id="first", took_money=False), SALE],
        heard=Counter(["invoice_sent 7", "credit_card_error 7 1", "credit_card_error 7 -"]),
    )


def found(books, notes):
    """The counts that are not 0, by their names."""
    findings = verify.compare(books, notes)
    counts = {name: len(getattr(findings, name)) for name in findings.__dataclass_fields__}
    return {name: count for name, count in counts.items() if count}


def test_nothing_is_found_in_good_books(books, notes):
    assert found(books, notes) == {}
    assert str(verify.compare(books, notes)) == (
        "charged twice 0, charged but not recorded 0, lost items 0, number gaps 0, signals never delivered 0"
    )


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(
            {"sales": [SALE, replace(SALE, order_id="first")]},
            {"charged_twice": 1, "charged_but_not_recorded": 1},
            id="a second sale",
        ),
        pytest.param(
            {"sales": [replace(SALE, amount=OWED + 1)]}, {"charged_twice": 1}, id="a sale over another amount"
        ),
        pytest.param(
            {"sales": [SALE, replace(SALE, order_id="of nobody")]},
            {"charged_but_not_recorded": 1},
            id="a sale of no charge",
        ),
        pytest.param({"sales": []}, {"charged_but_not_recorded": 1}, id="an invoice paid by no sale"),
        pytest.param(
            {"bills": [replace(BILL, paid=False)]},
            {"charged_but_not_recorded": 1, "lost_items": 1},
            id="a payment that was forgotten",
        ),
        pytest.param({"lines": Counter()}, {"lost_items": 2}, id="lines on no invoice"),
        pytest.param(
            {
                "bills": [replace(BILL, total=Decimal("9.99"))],
                "sales": [replace(SALE, amount=Decimal("9.99"))],
            },
            {"lost_items": 1},
            id="a total without one of its lines",
        ),
        pytest.param({"bills": [replace(BILL, number=2)]}, {"number_gaps": 1}, id="a number left out"),
        pytest.param({"heard": Counter()}, {"signals_never_delivered": 3}, id="nothing heard"),
    ],
)
def test_what_is_wrong_is_found(books, notes, change, expected):
    assert found(replace(books, **change), notes) == expected


def test_a_line_on_two_invoices_and_a_number_given_twice_are_found(books, notes):
    line = Line(owner="anna", period=202602, description="twice", amount=Decimal(1))
    books.lines[line] += 1
    books.bills.append(replace(BILL, pk=8, owner="ben", period=202601, total=Decimal(0)))
    assert found(replace(books, lines=Counter(books.lines) + Counter([line])), notes) == {
        "number_gaps": 1,
        "lost_items": 1,
    }


def test_a_credit_that_is_too_large_is_carried_over():
    notes = Notes()
    notes.add("anna", 202602, "Credit", Decimal(-30))
    notes.add("anna", 202602, "Steps", Decimal(10))
    notes.add("anna", 202603, "Steps", Decimal(25))
    assert notes.through(202603)[1] == {("anna", 202602): Decimal(0), ("anna", 202603): Decimal(5)}


def test_usage_that_was_restored_twice_or_not_at_all_is_found():
    expected = {("anna", MSG): Holding(used=5, capacity=1000)}
    assert verify.wrong_holdings({("anna", MSG): Holding(used=5, capacity=1000)}, expected) == []
    assert len(verify.wrong_holdings({("anna", MSG): Holding(used=0, capacity=1000)}, expected)) == 1
