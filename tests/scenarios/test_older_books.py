"""Books that are older than Braintree's: a backup was restored, commits are lost; nobody pays twice."""

from datetime import timedelta
from decimal import Decimal

import pytest
from braintree import TransactionSearch
from django.utils import timezone

from genbilling.exceptions import BadInput, Outdated, SaleUnknown
from genbilling.gateway import Ending, Outcome, PaymentService, searches
from genbilling.interface import acknowledge_sale, add_step_to_product, refund_charge, remove_card
from genbilling.models import Charge, Installation, Refund, UnknownSale, order_ids
from genbilling.services.billing import close_due, records
from genbilling.services.billing.claims import claim
from genbilling.services.reports import DispatchReport
from tests.factories import GOOD_CARD, an_owner, at, hearing, invoice_of, run, run_failing
from tests.scenarios.backups import lost_afterwards
from tests.scenarios.calls import SAID, SALES

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plan")]

OCTOBER = 202610
FIRST, SAME_DAY, NEXT_DAY = "2026-10-01", "2026-10-01 15:00", "2026-10-02"
SEARCHES = {"verb": "POST", "path": "/transactions/advanced_search*"}


@pytest.fixture
def other(plan):
    """A second owner with a good card, who owes 20.00 on the first of October."""
    with at("2026-09-10"):
        return an_owner("PLAN", card=GOOD_CARD)


def dispatch(moment, *arguments):
    with at(moment):
        return run("dispatch_invoices", *arguments)


def dispatch_failing(moment):
    with at(moment):
        return run_failing("dispatch_invoices")


def reconcile(moment, *arguments):
    with at(moment):
        return run("reconcile_payments", *arguments)


def reconcile_failing(moment, *arguments):
    with at(moment):
        return run_failing("reconcile_payments", *arguments)


def restored(moment=FIRST):
    """Dispatch at `moment`, and lose what that wrote."""
    with lost_afterwards():
        dispatch(moment)
    assert not Charge.objects.exists()


def close_october():
    with at(FIRST):
        close_due(OCTOBER, DispatchReport())


def claim_october(user):
    """Claim October as a run does, an hour before any that is sent; return the charge."""
    with at("2026-10-01 11:00"):
        close_due(OCTOBER, DispatchReport())
        [claimed] = claim({user.genbilling_account.pk: 0}, OCTOBER, lambda *_: None).to_send
    return claimed


def sales_of(braintree, user):
    customer_id = user.genbilling_account.customer_id
    return braintree.transactions(TransactionSearch.customer_id == customer_id)


# The run stops


def test_after_a_restored_backup_the_run_closes_and_charges_nobody_and_says_why(user, other, braintree):
    restored()
    said = dispatch_failing(SAME_DAY)
    assert "Nobody was charged. Braintree has sales that the books do not know (transaction " in said
    assert "Run reconcile_payments" in said
    assert "2 closed (billed 40.00)" in said
    assert [len(braintree.charged_to(one)) for one in (user, other)] == [1, 1]
    assert not Charge.objects.exists()
    assert "Nobody was charged" in dispatch_failing(NEXT_DAY), "until somebody has reconciled"


def test_reconciling_takes_the_lost_sales_over_and_nobody_is_charged_again(user, other, braintree):
    restored()
    dispatch_failing(SAME_DAY)
    with hearing() as heard:
        assert "2 repaired, 0 left" in reconcile(SAME_DAY)
    assert sorted(name for name, _ in heard) == ["invoice_sent", "invoice_sent"]
    for one in (user, other):
        [sale] = braintree.charged_to(one)
        october = invoice_of(one, OCTOBER)
        charge = october.paying_charge
        assert (october.paid, charge.state, charge.transaction_id) == (True, "paid", sale.id)
        assert (charge.order_id, charge.card_token) == (sale.order_id, sale.credit_card_details.token)
        assert (
            charge.created_at == charge.ended_at == sale.created_at.replace(tzinfo=charge.created_at.tzinfo)
        )
    assert "nothing to do" in dispatch(NEXT_DAY)
    assert "0 repaired, 0 left" in reconcile(NEXT_DAY)
    with at("2026-11-01"):
        assert "2 paid (20.00)" in run("dispatch_invoices"), "the next month is as usual"


def test_a_dry_run_says_what_it_would_take_over_and_writes_nothing(user, braintree):
    restored()
    dispatch_failing(SAME_DAY)
    assert "1 would be repaired" in reconcile(SAME_DAY, "--dry-run")
    assert not Charge.objects.exists()
    assert "Nobody was charged" in dispatch_failing(NEXT_DAY)


def test_a_sale_outside_of_the_days_asked_for_is_taken_over_too(user):
    restored()
    dispatch_failing(NEXT_DAY)
    assert "1 repaired, 0 left" in reconcile("2026-12-20", "--from", "2026-12-19")


def test_what_was_refused_is_refused_and_tried_again_as_usual(user, braintree):
    braintree.decline(user.genbilling_account.cards.get(), 2001)
    restored()
    braintree.faults.clear()
    dispatch_failing(SAME_DAY)
    with hearing() as heard:
        assert "1 repaired, 0 left" in reconcile(SAME_DAY)
    assert [name for name, _ in heard] == ["credit_card_error"]
    october = invoice_of(user, OCTOBER)
    assert (october.failed, october.charges.get().response_code) == (True, "2001")
    assert "1 paid" in dispatch(NEXT_DAY)


def test_a_refusal_and_the_payment_after_it_are_both_taken_over(user, braintree):
    declining = braintree.decline(user.genbilling_account.cards.get(), 2001)
    with lost_afterwards():
        dispatch(FIRST)
        declining.remove()
        dispatch(SAME_DAY)
    dispatch_failing(NEXT_DAY)
    assert "2 repaired, 0 left" in reconcile(NEXT_DAY)
    states = list(Charge.objects.order_by("created_at").values_list("state", flat=True))
    assert (states, invoice_of(user, OCTOBER).paid) == (["refused", "paid"], True)


@pytest.mark.parametrize(("given_back_at", "kind"), [(SAME_DAY, "void"), ("2026-10-03", "refund")])
def test_what_went_back_is_taken_over_with_it_and_is_not_charged_again(user, braintree, given_back_at, kind):
    with lost_afterwards():
        dispatch(FIRST)
        with at(given_back_at):
            refund_charge(Charge.objects.get(), **SAID)
    dispatch_failing("2026-10-04")
    assert "1 repaired, 0 left" in reconcile("2026-10-04")
    refund = Refund.objects.get()
    assert (refund.kind, refund.state, refund.amount) == (kind, "paid", Decimal("20.00"))
    assert invoice_of(user, OCTOBER).paid
    assert "nothing to do" in dispatch("2026-10-05")
    assert len(sales_of(braintree, user)) == (1 if kind == "void" else 2)


def test_of_two_live_sales_one_is_taken_over_and_the_other_is_named_and_holds_its_account(user, braintree):
    restored()
    with at(NEXT_DAY):
        # Where the check sees nothing, everybody is charged again.
        Installation.objects.update(checked_at=timezone.now())
    with lost_afterwards():
        dispatch(NEXT_DAY)
    Installation.objects.update(checked_at=None)
    first, second = braintree.charged_to(user)
    dispatch_failing("2026-10-03")
    assert f"left: Transaction {second.id} of 20.00 USD" in reconcile_failing("2026-10-03")
    assert invoice_of(user, OCTOBER).paying_charge.transaction_id == first.id
    assert UnknownSale.objects.get().account == user.genbilling_account


# What fits nothing


def test_a_sale_that_fits_nothing_holds_its_own_account_until_it_is_acknowledged(user, other, braintree):
    with lost_afterwards():
        with at("2026-09-20"):
            add_step_to_product("PLAN", user)
        dispatch(FIRST)
    dispatch_failing(SAME_DAY)
    said = reconcile_failing(SAME_DAY)
    [sale] = braintree.charged_to(user)
    assert f"left: Transaction {sale.id} of 25.00 USD" in said
    assert "fits no unpaid closed invoice" in said
    assert invoice_of(other, OCTOBER).paid, "it was taken over"
    said = dispatch_failing(NEXT_DAY)
    assert "1 left alone (1 sale to be acknowledged first)" in said
    assert f"the sale {sale.id} of 25.00 (submitted_for_settlement) is not in these books" in said
    assert invoice_of(user, OCTOBER).send_payment(force=True) is None
    with at("2026-11-01"):
        assert "1 paid (10.00)" in run_failing("dispatch_invoices"), "the others are charged"
    acknowledge_sale(sale.id, operator="anna", memo="Credited")
    assert "2 paid (30.00)" in dispatch("2026-11-02")
    assert len(braintree.charged_to(user)) == 3
    assert "0 left" in reconcile("2026-11-02")


def test_an_account_newer_than_the_backup_holds_nobody(user, braintree):
    with lost_afterwards():
        with at("2026-09-20"):
            late = an_owner("PLAN", card=GOOD_CARD)
            customer_id = late.genbilling_account.customer_id
        dispatch(FIRST)
    dispatch_failing(SAME_DAY)
    said = reconcile_failing(SAME_DAY)
    assert f"order id genbilling-{Installation.objects.get().name}-{customer_id}-202610-" in said
    assert UnknownSale.objects.get().account is None
    assert "nothing to do" in dispatch(NEXT_DAY)
    assert "left: Transaction" in reconcile_failing(NEXT_DAY), "it is named each time"
    acknowledge_sale(UnknownSale.objects.get().transaction_id, operator="anna", memo="Refunded there")
    assert "0 left" in reconcile(NEXT_DAY)


def test_a_sale_that_fits_once_its_invoice_is_closed_is_taken_over_then(user, braintree):
    restored()
    assert "fits no unpaid closed invoice" in reconcile_failing(SAME_DAY)
    assert "left alone" in dispatch_failing(NEXT_DAY)
    assert "1 repaired, 0 left" in reconcile(NEXT_DAY)
    assert not UnknownSale.objects.exists()
    assert "nothing to do" in dispatch("2026-10-03")


def test_a_refusal_that_fits_nothing_holds_nobody(user, braintree):
    braintree.decline(user.genbilling_account.cards.get(), 2001)
    with lost_afterwards():
        with at("2026-09-20"):
            add_step_to_product("PLAN", user)
        dispatch(FIRST)
    braintree.faults.clear()
    dispatch_failing(SAME_DAY)
    assert "0 repaired, 0 left" in reconcile(SAME_DAY)
    assert "1 paid (20.00)" in dispatch(NEXT_DAY)


def test_only_a_sale_that_is_noted_is_acknowledged_and_once(user):
    with pytest.raises(BadInput, match=r"No unknown sale 'nonesuch' is noted"):
        acknowledge_sale("nonesuch", **SAID)
    UnknownSale.objects.create(transaction_id="x", order_id="y", amount="1.00", sold_at=timezone.now())
    with pytest.raises(BadInput, match="The memo is"):
        acknowledge_sale("x", operator="anna", memo=" ")
    acknowledge_sale("x", **SAID)
    with pytest.raises(Outdated, match="was acknowledged by anna before: Outage"):
        acknowledge_sale("x", **SAID)


# A charge that the older books call pending


def test_a_claim_that_ended_after_the_backup_is_not_sent_again(user, braintree):
    claimed = claim_october(user)
    with lost_afterwards(), at(FIRST):
        records.record([(claimed, Outcome(ending=Ending.NOT_SENT))])
        run("dispatch_invoices")
    assert Charge.objects.get().state == "pending"
    assert "Nobody was charged" in dispatch_failing(SAME_DAY)
    assert "1 repaired, 0 left" in reconcile(SAME_DAY)
    assert "nothing to do" in dispatch(NEXT_DAY)
    assert len(sales_of(braintree, user)) == 1
    assert set(Charge.objects.values_list("state", flat=True)) == {"not_sent", "paid"}


def test_a_claim_of_an_account_that_waits_is_only_looked_for(user, braintree):
    claimed = claim_october(user)
    waits = {"account": claimed.invoice.account, "sold_at": claimed.created_at, "amount": "1.00"}
    UnknownSale.objects.create(transaction_id="x", order_id="y", **waits)
    assert "which is still not known" in reconcile_failing(SAME_DAY)
    dispatch_failing(NEXT_DAY)
    assert sales_of(braintree, user) == []


def test_a_lost_answer_is_no_unknown_sale(user, braintree):
    with at(FIRST), braintree.fault("timeout", when="after", **SALES):
        run_failing("dispatch_invoices")
    assert "1 paid (20.00)" in dispatch(SAME_DAY)


# By hand


@pytest.mark.parametrize("checked", [True, False])
def test_send_payment_does_not_charge_an_invoice_again_whose_sale_the_books_lost(user, braintree, checked):
    close_october()
    if checked:
        with at("2026-09-30"):
            Installation.objects.update(checked_at=timezone.now())
    with lost_afterwards():
        dispatch(FIRST)
    october = invoice_of(user, OCTOBER)
    with (
        at(SAME_DAY),
        pytest.raises(SaleUnknown, match=r"was not charged\. Braintree has sales that the books"),
    ):
        october.send_payment()
    assert len(braintree.charged_to(user)) == 1
    reconcile(SAME_DAY)
    with at(NEXT_DAY):
        assert october.send_payment().state == "paid", "it was, and that is what comes back"
    assert len(braintree.charged_to(user)) == 1


def test_send_payment_asks_no_more_once_the_books_have_an_answer_about_the_invoice(user, braintree):
    close_october()
    october = invoice_of(user, OCTOBER)
    declining = braintree.decline(user.genbilling_account.cards.get(), 2001)
    with at(FIRST):
        assert october.send_payment().state == "refused"
        declining.remove()
        with braintree.fault("status", status=503, **SEARCHES):
            assert october.send_payment(force=True).state == "paid"


def test_send_payment_asks_nothing_where_there_is_no_card(user, braintree):
    remove_card(user)
    close_october()
    with at(FIRST), braintree.fault("status", status=503, **SEARCHES):
        assert invoice_of(user, OCTOBER).send_payment() is None


# What is looked at


def test_a_check_that_gets_no_answer_charges_nobody(user, braintree):
    with braintree.fault("status", status=503, **SEARCHES):
        said = dispatch_failing(FIRST)
    assert "Nobody was charged: it could not be found out whether Braintree has sales that" in said
    assert braintree.charged_to(user) == []
    assert "1 paid" in dispatch(SAME_DAY)


def test_a_check_that_is_refused_for_the_rate_limit_asks_again(user, braintree, monkeypatch):
    monkeypatch.setattr(searches, "PAUSES_WHEN_BUSY", (0, 0))
    with braintree.fault("status", status=429, times=2, **SEARCHES):
        assert "1 paid" in dispatch(FIRST)


def test_with_nothing_due_nothing_is_asked(user, braintree):
    with braintree.fault("status", status=503, **SEARCHES):
        assert "nothing to do" in dispatch("2026-09-20")


def test_the_next_check_begins_an_hour_before_the_last_one_did(user, monkeypatch):
    dispatch(FIRST)
    with at(FIRST):
        began = timezone.now()
    mark = Installation.objects.get().checked_at
    assert timedelta(0) <= mark - began < timedelta(minutes=1)
    asked = []
    ids = PaymentService.sale_ids

    def noted(self, order_ids, since):
        asked.append((order_ids, since))
        return ids(self, order_ids, since)

    monkeypatch.setattr(PaymentService, "sale_ids", noted)
    dispatch("2026-11-01")
    assert asked == [(f"genbilling-{Installation.objects.get().name}-", mark - timedelta(hours=1))]


def test_more_sales_than_a_search_can_list_are_found_in_parts(user, monkeypatch):
    with lost_afterwards():
        dispatch(FIRST)
        dispatch("2026-11-01")
    monkeypatch.setattr(searches, "SEARCH_LIMIT", 2)
    dispatch_failing("2026-11-02")
    assert "2 repaired, 0 left" in reconcile("2026-11-02")


def test_a_clock_of_the_gateway_that_is_ahead_of_ours_hides_no_sale(user, braintree):
    braintree.clock.move(timedelta(hours=5))
    restored()
    braintree.clock.reset()
    dispatch_failing(SAME_DAY)
    assert "1 repaired, 0 left" in reconcile(SAME_DAY)
    charge = invoice_of(user, OCTOBER).paying_charge
    with at(SAME_DAY):
        assert charge.ended_at <= timezone.now() + timedelta(minutes=1)


def test_what_a_search_does_not_have_yet_is_named_by_the_next_comparison(user, braintree):
    restored("2026-10-01 12:00")
    with braintree.fault("search-lag", seconds=600):
        assert "1 paid" in dispatch("2026-10-01 12:01"), "so the documentation says: wait"
    assert "and fits no unpaid closed invoice" in reconcile_failing(SAME_DAY)
    assert UnknownSale.objects.get().account == user.genbilling_account


# Whose a sale is


def test_the_order_id_says_whose_a_sale_is(user, braintree):
    dispatch(FIRST)
    [sale] = braintree.charged_to(user)
    charge = Charge.objects.get()
    account = user.genbilling_account
    name = Installation.objects.get().name
    assert sale.order_id == charge.order_id == f"genbilling-{name}-{account.customer_id}-202610-{charge.key}"
    assert order_ids.read(sale.order_id) == order_ids.OrderId(
        installation=name, customer_id=account.customer_id, period=OCTOBER, key=charge.key
    )


def test_another_database_that_bills_through_the_same_merchant_is_not_seen(user, braintree):
    with lost_afterwards():
        theirs = an_owner(card=GOOD_CARD)
        card, customer_id = theirs.genbilling_account.cards.get().token, theirs.genbilling_account.customer_id
    for order_id in (
        order_ids.make("theirs000000", customer_id, OCTOBER, "0" * 32),
        f"genbilling-{'1' * 32}",
        "genbilling-whatever",
    ):
        with at(FIRST):
            assert braintree.gateway.transaction.sale(
                {"amount": "20.00", "order_id": order_id, "payment_method_token": card}
            ).is_success
    assert "1 paid" in dispatch(SAME_DAY)
    assert "1 transaction, 1 charge, 0 refunds, 0 disputes compared, 0 repaired, 0 left" in reconcile(
        NEXT_DAY
    )


def test_a_sale_under_the_older_order_id_is_taken_over_by_customer_and_amount(user, braintree):
    key = "a" * 32
    card = user.genbilling_account.cards.get()
    with at(FIRST):
        assert braintree.gateway.transaction.sale(
            {
                "amount": "20.00",
                "order_id": f"genbilling-{key}",
                "payment_method_token": card.token,
                "options": {"submit_for_settlement": True},
            }
        ).is_success
    dispatch_failing(SAME_DAY)
    assert "1 repaired, 0 left" in reconcile(SAME_DAY)
    charge = invoice_of(user, OCTOBER).paying_charge
    assert (charge.key, charge.order_id) == (key, f"genbilling-{key}")


def test_a_charge_from_before_installations_had_names_keeps_its_order_id(user, braintree):
    with at(FIRST), braintree.fault("timeout", when="before", **SALES):
        run_failing("dispatch_invoices")
    charge = Charge.objects.get()
    request = {**charge.request, "order_id": f"genbilling-{charge.key}"}
    Charge.objects.update(sent_order_id="", request=request)
    assert "1 paid" in dispatch(SAME_DAY)
    [sale] = braintree.charged_to(user)
    assert sale.order_id == f"genbilling-{charge.key}"
    assert "0 repaired, 0 left" in reconcile(NEXT_DAY)


def test_books_from_before_their_installation_had_its_name_know_its_sales_by_the_customer(user, braintree):
    restored()
    Installation.objects.all().delete()
    assert "Nobody was charged" in dispatch_failing(SAME_DAY)
    assert "1 repaired, 0 left" in reconcile(SAME_DAY)
    assert "nothing to do" in dispatch(NEXT_DAY)
    assert len(braintree.charged_to(user)) == 1


def test_a_backup_of_november_brings_its_own_mark_along(user, braintree):
    dispatch(FIRST)
    with lost_afterwards():
        dispatch("2026-11-01")
        dispatch("2026-11-20")
    assert "Nobody was charged" in dispatch_failing("2026-12-05")
    reconcile("2026-12-05")
    assert "1 paid" in dispatch("2026-12-06"), "December; November was taken over"
    assert [sale.amount for sale in braintree.charged_to(user)] == [Decimal(20), Decimal(10), Decimal(10)]
