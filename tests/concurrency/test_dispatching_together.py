"""Several runs of dispatch_invoices at the same time: each invoice is charged once, by one of them."""

from decimal import Decimal

import pytest

from genbilling.interface import remove_card
from genbilling.models import Account, Charge, Invoice
from tests.concurrency.due import (
    BILL,
    FLAT_RATE,
    NOVEMBER,
    OCTOBER,
    assert_each_paid_once,
    assert_no_account_was_worked_twice_at_once,
    assert_numbers_without_gaps,
    assert_totals_are_sums,
    owners,
    put_on,
    sales,
)
from tests.concurrency.processes import dispatch
from tests.factories import invoices_of

DECLINED = Decimal("2001.00")  # an amount that the sandbox's bank declines: insufficient funds


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("processes", "accounts", "since"),
    [
        pytest.param(2, 200, "2026-10-10", id="two runs, one invoice an account"),
        pytest.param(4, 50, "2026-07-10", id="four runs, four invoices an account"),
    ],
)
def test_runs_at_the_same_time_charge_two_hundred_invoices_once_each(
    start, braintree, braintree_books, processes, accounts, since
):
    owners(accounts, "MSG", since=since)
    money = 200 * FLAT_RATE + accounts * FLAT_RATE  # the first month's stands on the next one's invoice
    # So slow that they overlap, and so few at a time that none takes all in its first window.
    with braintree.fault("latency", seconds=0.1, path="/transactions"):
        said = dispatch(start, NOVEMBER, processes, "--in-flight", 2)
    assert [(run.status, run.err) for run in said] == [(0, "")] * processes
    assert sum(run.count("paid") for run in said) == 200
    assert sum(run.count("closed") for run in said) == 200
    assert sum(run.total("paid") for run in said) == money
    assert sum(run.total("closed") for run in said) == money
    assert all(run.count("paid") for run in said), "one of them had nothing to do: they did not overlap"
    assert_each_paid_once(braintree_books, Invoice.objects.filter(period__lte=NOVEMBER))
    assert len(sales(braintree_books)) == Charge.objects.count() == 200
    assert list(Invoice.objects.order_by("number").values_list("number", flat=True)) == list(range(1, 201))
    assert_no_account_was_worked_twice_at_once()
    assert not Charge.objects.filter(signalled_at__isnull=True).exists()


@pytest.mark.postgres
def test_accounts_with_several_invoices_and_bad_cards_are_worked_by_one_run_at_a_time(start, braintree_books):
    good, declined, cardless = (owners(10, "MSG") for _ in range(3))
    for user in declined:
        put_on(user, OCTOBER, DECLINED - BILL)
    for user in cardless:
        remove_card(user)
    for user in good + declined + cardless:
        put_on(user, NOVEMBER, "3.00")
    said = dispatch(start, NOVEMBER, 4)
    assert [(run.status, run.err) for run in said] == [(0, "")] * 4
    counted = {
        name: sum(run.count(name) for run in said)
        for name in ("closed", "paid", "refused", "without a card", "held", "errors", "uncertain")
    }
    # A run that begins after a refusal is a later one, and tries again.
    cardless_tries, refused = counted.pop("without a card"), counted.pop("refused")
    assert 10 <= cardless_tries <= 40
    assert 10 <= refused <= 40
    assert counted == {
        "closed": 60,
        "paid": 20,
        "held": 0,
        "errors": 0,
        "uncertain": 0,
    }
    assert sum(run.total("paid") for run in said) == 10 * (BILL + FLAT_RATE + 3)
    for user in good:
        assert [invoice.paid for invoice in invoices_of(user)] == [True, True]
    for user in declined + cardless:
        # After one refusal the account's other invoice waits for the next run.
        assert [(invoice.closed, invoice.failed) for invoice in invoices_of(user)] == [
            (True, True),
            (True, False),
        ]
    assert Charge.objects.count() == 20 + cardless_tries + refused
    assert len(sales(braintree_books)) == 20 + refused
    assert_each_paid_once(braintree_books, Invoice.objects.filter(account__owner__in=good))
    assert_no_account_was_worked_twice_at_once()
    assert_numbers_without_gaps()
    assert_totals_are_sums()


def test_two_runs_at_the_same_time_open_and_charge_what_missed_months_left_out(start, braintree_books):
    owners(12, "MSG")
    # Nothing ran in October; both runs are late, and meet.
    said = dispatch(start, NOVEMBER, 2)
    assert [(run.status, run.err) for run in said] == [(0, "")] * 2
    # October's was opened in September.
    assert sum(run.count("opened") for run in said) == 12
    assert sum(run.count("paid") for run in said) == 24
    assert sum(run.total("paid") for run in said) == 12 * 3 * FLAT_RATE
    assert Account.objects.filter(invoiced_through=NOVEMBER).count() == 12
    assert_each_paid_once(braintree_books, Invoice.objects.filter(period__lte=NOVEMBER))
    assert_no_account_was_worked_twice_at_once()
    assert_numbers_without_gaps()
