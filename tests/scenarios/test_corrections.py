"""What an operator corrects: an unpaid invoice voided, credits and debits by hand."""

from decimal import Decimal

import pytest

from genbilling.exceptions import (
    BadInput,
    BadMoney,
    InvoiceNotClosed,
    InvoicePaid,
    InvoiceVoid,
    NoAccount,
    Outdated,
    PaymentUnderWay,
)
from genbilling.interface import (
    add_credit,
    add_debit,
    add_step_to_product,
    add_user_account,
    save_card,
    void_invoice,
)
from genbilling.models import Account, Charge, InvoiceItem
from genbilling.services.billing import charging
from tests.factories import (
    GOOD_CARD,
    a_user,
    amounts,
    an_owner,
    at,
    declare,
    hearing,
    invoice_of,
    invoices_of,
    lines,
    product,
    run,
    run_failing,
    turn_the_month,
)
from tests.scenarios.calls import SAID, SALES

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plan")]


@pytest.fixture
def unpaid(user, braintree):
    """October, which the card refused."""
    braintree.declining_card(user, 2001)
    with at("2026-10-01"):
        turn_the_month()
    return invoice_of(user, 202610)


def test_a_void_invoice_is_not_charged_and_what_it_billed_is_not_billed_again(user, unpaid, braintree):
    save_card(user, GOOD_CARD)
    with at("2026-10-05"):
        void_invoice(unpaid, **SAID)
        assert "nothing to do" in run("dispatch_invoices")
    assert (unpaid.void, unpaid.failed, unpaid.void_by, unpaid.void_memo) == (True, False, "anna", "Outage")
    assert (unpaid.number, unpaid.total) == (1, Decimal("20.00")), "it keeps what it was"
    with at("2026-11-01"):
        assert "1 paid (10.00)" in run("dispatch_invoices")
    assert braintree.charged_to(user).total == Decimal("10.00")


def test_the_steps_on_a_void_invoice_are_reset_like_others(user, braintree):
    with at("2026-09-20"):
        add_step_to_product("PLAN", user)
        braintree.declining_card(user, 2001)
    with at("2026-10-01"):
        run("dispatch_invoices")
        void_invoice(invoice_of(user, 202610), **SAID)
        assert "1 product" in run("reset_products")
    assert user.genbilling_account.products.get().capacity == 100


def test_voiding_what_is_owed_makes_an_account_in_grace_active_again(settings, user, braintree):
    declare(settings, product("PLAN"), RETRY_DAYS=(1, 3))
    braintree.declining_card(user, 2001)
    with at("2026-10-01"):
        run("dispatch_invoices")
        assert Account.objects.get().status == "grace"
        void_invoice(invoice_of(user, 202610), **SAID)
    assert Account.objects.get().status == "active"


def test_a_paid_invoice_is_refunded_and_not_voided(user):
    with at("2026-10-01"):
        run("dispatch_invoices")
    with pytest.raises(InvoicePaid, match="refund_charge"):
        void_invoice(invoice_of(user, 202610), **SAID)


def test_an_open_invoice_is_credited_and_not_voided(user):
    with pytest.raises(InvoiceNotClosed, match="credit"):
        void_invoice(invoice_of(user, 202610), **SAID)


def test_an_invoice_is_voided_once(unpaid):
    void_invoice(unpaid, **SAID)
    with pytest.raises(InvoiceVoid):
        void_invoice(unpaid, **SAID)
    with pytest.raises(InvoiceVoid):
        unpaid.send_payment(force=True)


def test_a_charge_whose_outcome_is_open_is_resolved_before_an_invoice_is_voided(user, braintree):
    with at("2026-10-01"), braintree.fault("timeout", when="after", **SALES):
        run_failing("dispatch_invoices")
    october = invoice_of(user, 202610)
    with hearing() as heard, at("2026-10-01 13:00"), pytest.raises(InvoicePaid):
        void_invoice(october, **SAID)
    assert [name for name, _ in heard] == ["invoice_sent"]
    assert invoice_of(user, 202610).paid


def test_as_long_as_the_outcome_is_not_known_nothing_is_voided(user, braintree):
    with at("2026-10-01"), braintree.fault("timeout", when="before", **SALES):
        run_failing("dispatch_invoices")
    october = invoice_of(user, 202610)
    with at("2026-10-01 13:00"), braintree.fault("status", status=503), pytest.raises(PaymentUnderWay):
        void_invoice(october, **SAID)
    assert not invoice_of(user, 202610).void


def test_an_invoice_that_is_voided_while_a_run_comes_to_it_is_passed_over(user, unpaid, monkeypatch):
    save_card(user, GOOD_CARD)
    claim = charging.claim

    def late(*arguments):
        # An operator voids it between the run's look at what is due and its claim.
        if not invoice_of(user, 202610).void:
            void_invoice(invoice_of(user, 202610), **SAID)
        return claim(*arguments)

    monkeypatch.setattr(charging, "claim", late)
    with at("2026-10-05"):
        assert "0 paid" in run("dispatch_invoices")
    assert Charge.objects.filter(state="paid").count() == 0


def test_a_credit_and_a_debit_stand_on_next_months_invoice_with_who_put_them_there(user, braintree):
    with at("2026-10-05"):
        run("dispatch_invoices")
        credit = add_credit(user, "3.50", **SAID)
        debit = add_debit(user, Decimal("1.25"), operator="ben", memo="Set-up")
    assert (credit.operator, debit.operator) == ("anna", "ben")
    assert lines(invoice_of(user, 202611)) == [("Outage", Decimal("-3.50")), ("Set-up", Decimal("1.25"))]
    with at("2026-11-01"):
        assert "1 paid (7.75)" in run("dispatch_invoices")
    assert braintree.charged_to(user).total == Decimal("27.75")


@pytest.mark.parametrize("add", [add_credit, add_debit])
def test_what_was_decided_before_another_manual_item_came_is_not_added(user, add):
    other = an_owner()
    first = add(user, "3.50", after=0, **SAID)
    with pytest.raises(Outdated, match="look again"):
        add(user, "3.50", after=0, **SAID)
    add(other, "3.50", after=0, **SAID)
    add(user, "3.50", after=first.pk, **SAID)
    assert InvoiceItem.objects.filter(operator="anna", invoice__account__owner=user).count() == 2


def test_a_credit_above_the_bill_is_carried_over(user):
    with at("2026-09-15"):
        add_credit(user, "25.00", **SAID)
    with at("2026-10-01"):
        assert "1 settled at zero" in run("dispatch_invoices")
    assert [amounts(invoice) for invoice in invoices_of(user)] == [
        [Decimal("10.00"), Decimal("-25.00"), Decimal("10.00"), Decimal("5.00")],
        [Decimal("-5.00")],
    ]


@pytest.mark.parametrize("amount", ["0.00", "-5", 2.5, "a lot"])
@pytest.mark.parametrize("add", [add_credit, add_debit])
def test_a_sum_that_is_none_is_an_error(user, add, amount):
    with pytest.raises(BadMoney):
        add(user, amount, **SAID)


@pytest.mark.parametrize(
    "said",
    [
        {"operator": "", "memo": "Outage"},
        {"operator": "anna", "memo": ""},
        {"operator": None, "memo": "Outage"},
        {"operator": "anna", "memo": "x" * 256},
        {"operator": "a" * 151, "memo": "Outage"},
    ],
)
def test_who_and_why_have_to_be_said(user, unpaid, said):
    for correct in (
        lambda: add_credit(user, "1.00", **said),
        lambda: void_invoice(unpaid, **said),
    ):
        with pytest.raises(BadInput, match="must be a text of 1 to"):
            correct()
    assert not InvoiceItem.objects.exclude(operator="").exists()


def test_only_an_owner_is_credited(user):
    child = a_user()
    add_user_account(child, user)
    with pytest.raises(NoAccount):
        add_credit(child, "1.00", **SAID)
