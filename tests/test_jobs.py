"""The verbs as jobs: JSON in, JSON out, safe when delivered twice, and an error where something is left."""

import json
import pickle
from decimal import Decimal

import pytest
from django.db import transaction
from django.db.models import F

from genbilling import interface, jobs
from genbilling.exceptions import (
    BadInput,
    BadPeriod,
    GatewayUnusable,
    GenbillingError,
    InvoiceNotClosed,
    LeftUndone,
    TransactionOpen,
    shown,
)
from genbilling.models import Charge, Invoice, Product
from tests.concurrency.crowd import at_once
from tests.concurrency.due import (
    OCTOBER,
    assert_each_paid_once,
    assert_numbers_without_gaps,
    owners,
)
from tests.factories import GOOD_CARD, an_owner, at, invoice_of, run

NOVEMBER = 202611
MONTH = (jobs.dispatch_invoices, jobs.create_invoices, jobs.reset_products, jobs.restore_products)
DECLINED = Decimal("2001.00")  # an amount that the sandbox's bank declines: insufficient funds
SALES = {"verb": "POST", "path": "/transactions"}

every_month_job = pytest.mark.parametrize("job", MONTH, ids=lambda job: job.__name__)


@pytest.fixture
def owner(db):
    """Somebody whose invoice of October is due, who used 10 units and bought a step in September."""
    with at("2026-09-10"):
        user = an_owner("MSG", card=GOOD_CARD)
        interface.use_product("MSG", user, 10)
        interface.add_step_to_product("MSG", user)
        run("create_invoices")
    return user


def an_unpaid_invoice(user):
    """The user's invoice of October, closed when there was no card on file."""
    interface.remove_card(user)
    jobs.dispatch_invoices(OCTOBER)
    return invoice_of(user, OCTOBER)


def through_json(value):
    return json.loads(json.dumps(value))


def delivered(job, *arguments):
    """What a queue does with a job: arguments and result go through JSON."""
    return through_json(job(*through_json(arguments)))


# What comes out


def test_a_month_by_jobs_is_the_month_of_the_commands(owner, braintree):
    dispatched, created, reset, restored = (delivered(job, OCTOBER) for job in MONTH)
    assert dispatched["summary"] == (
        "dispatch_invoices 202610: 0 opened, 1 closed (billed 27.97), 0 settled at zero, 1 paid (27.97), "
        "0 refused, 0 without a card, 0 left alone, 0 uncertain, 0 held, 0 errors."
    )
    assert (dispatched["billed"], dispatched["collected"]) == ("27.97", "27.97")
    assert (dispatched["counts"]["paid"], dispatched["left"]) == (1, [])
    assert created["summary"] == "create_invoices 202610: 1 invoice opened for 202611."
    assert reset["summary"] == "reset_products 202610: 1 product reset."
    assert restored["summary"] == "restore_products 202610: 1 product restored."
    product = owner.genbilling_account.get_product_by_name("MSG")
    assert (product.used, product.capacity) == (0, 1000)
    assert braintree.charged_to(owner).total == Decimal("27.97")


@every_month_job
def test_without_a_period_it_is_the_current_one(owner, job):
    with at("2026-10-01"):
        assert job()["period"] == OCTOBER
    assert run(job.__name__, period=OCTOBER) == job(OCTOBER)["summary"]


def test_reconciling_by_a_job_repairs_and_tells(owner, braintree):
    jobs.dispatch_invoices(OCTOBER)
    done = delivered(jobs.reconcile_payments)
    assert done["looked_at"] == {"transactions": 1, "charges": 1}
    assert done["summary"] == run("reconcile_payments")
    assert (done["repaired"], done["noted"], done["left"]) == ([], [], [])


def test_days_are_written_as_iso_8601_writes_them(owner):
    done = delivered(jobs.reconcile_payments, "2026-01-01", "2026-01-31")
    assert (done["first"], done["last"]) == ("2026-01-01", "2026-01-31")
    assert done["summary"].startswith("reconcile_payments 2026-01-01 to 2026-01-31: 0 transactions")


def test_an_audit_by_a_job_says_what_the_command_says(owner):
    jobs.dispatch_invoices(OCTOBER)
    done = delivered(jobs.audit_billing)
    assert done["summary"] == run("audit_billing")
    assert done["looked_at"]["invoices"] == 1


# Twice


@every_month_job
def test_a_job_that_is_delivered_again_finds_nothing_to_do(owner, job):
    jobs.dispatch_invoices(OCTOBER)
    job(OCTOBER)
    assert "nothing to do." in job(OCTOBER)["summary"]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_jobs_that_are_delivered_twice_at_the_same_time_do_the_work_once(braintree_books):
    made = owners(20, "MSG")
    for job in MONTH:
        for done in at_once(*[lambda job=job: job(OCTOBER)] * 2):
            assert done["left"] == []
    assert_each_paid_once(braintree_books, Invoice.objects.filter(period=OCTOBER))
    assert_numbers_without_gaps()
    assert Invoice.objects.filter(period=NOVEMBER).count() == len(made)
    assert jobs.audit_billing()["left"] == []


def test_a_payment_that_is_delivered_twice_is_made_once(owner, braintree):
    invoice = an_unpaid_invoice(owner)
    interface.save_card(owner, GOOD_CARD)
    first, again = (delivered(jobs.send_payment, invoice.pk) for _ in range(2))
    assert first == again
    assert (first["paid"], first["amount"], first["invoice"]) == (True, "27.97", invoice.pk)
    assert Charge.objects.get(pk=first["charge"]).state == Charge.State.PAID
    assert braintree.charged_to(owner).total == Decimal("27.97")


# What was left undone


def test_a_dispatch_whose_answer_is_lost_fails_and_names_the_charge(owner, braintree):
    with braintree.fault("timeout", when="after", **SALES), pytest.raises(LeftUndone) as failed:
        jobs.dispatch_invoices(OCTOBER)
    report = through_json(failed.value.report)
    assert report["counts"]["uncertain"] == 1
    assert ["The outcome is not known" in sentence for sentence in report["left"]] == [True]
    assert str(failed.value).startswith(report["summary"])
    assert str(failed.value).endswith("It is safe to run the job again.")
    assert delivered(jobs.dispatch_invoices, OCTOBER)["counts"]["paid"] == 1
    assert braintree.charged_to(owner).total == Decimal("27.97")


def test_what_was_left_undone_comes_out_whole_of_a_queue():
    error = LeftUndone("dispatch_invoices 202610: 1 held.", {"job": "dispatch_invoices", "left": ["it"]})
    for copy in (pickle.loads(pickle.dumps(error)), LeftUndone(*through_json(error.args))):
        assert (str(copy), copy.report) == (str(error), error.report)
    assert isinstance(error, GenbillingError)


@pytest.mark.tampers
def test_an_audit_that_finds_something_fails_and_names_a_hundred_of_it(owner):
    owners(102, "MSG", card=None)
    Product.objects.update(capacity=F("capacity") + 1)
    with pytest.raises(LeftUndone, match=r"103 findings\. .* And 98 more\. ") as failed:
        jobs.audit_billing()
    left = failed.value.report["left"]
    assert (len(left), left[-1]) == (101, "And 3 more.")
    assert "its capacity is" in left[99]


def test_reconciling_fails_where_somebody_has_to_look_and_not_where_somebody_has(owner, braintree):
    jobs.dispatch_invoices(OCTOBER)
    [sale] = braintree.transactions()
    Charge.objects.update(amount=F("amount") + 1)
    with pytest.raises(LeftUndone, match=sale.id):
        jobs.reconcile_payments()
    assert delivered(jobs.reconcile_payments, None, None, [sale.id])["noted"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["dispatch_invoices", "send_payment", "reconcile_payments"])
def test_a_worker_that_wraps_its_jobs_in_a_transaction_is_refused(name, braintree):
    [user] = owners(1, "MSG")
    invoice = an_unpaid_invoice(user)
    interface.save_card(user, GOOD_CARD)
    arguments = {"dispatch_invoices": [OCTOBER], "send_payment": [invoice.pk]}.get(name, [])
    with pytest.raises(TransactionOpen, match=name), transaction.atomic():
        getattr(jobs, name)(*arguments)
    assert braintree.transactions() == []


def test_a_payment_that_was_refused_is_work_done(owner, braintree):
    invoice = an_unpaid_invoice(owner)
    braintree.declining_card(owner)
    done = delivered(jobs.send_payment, invoice.pk)
    assert (done["paid"], done["left"]) == (False, [])
    assert "Insufficient Funds" in done["message"]
    # Refused within the hour: nothing is tried.
    again = delivered(jobs.send_payment, invoice.pk)
    assert (again["charge"], again["summary"]) == (
        None,
        f"send_payment {invoice.pk}: nothing was tried.",
    )


def test_a_payment_whose_answer_is_lost_is_left_undone(owner, braintree):
    invoice = an_unpaid_invoice(owner)
    interface.save_card(owner, GOOD_CARD)
    with braintree.fault("timeout", when="after", **SALES), pytest.raises(LeftUndone, match="not known"):
        jobs.send_payment(invoice.pk)
    assert delivered(jobs.send_payment, invoice.pk)["paid"]
    assert braintree.charged_to(owner).total == Decimal("27.97")


def test_a_gateway_that_cannot_be_used_fails_the_payment_and_leaves_the_invoice(owner, braintree):
    invoice = an_unpaid_invoice(owner)
    interface.save_card(owner, GOOD_CARD)
    with braintree.fault("refuse"), pytest.raises(GatewayUnusable):
        jobs.send_payment(invoice.pk)
    assert delivered(jobs.send_payment, invoice.pk)["paid"]


# Arguments


@every_month_job
@pytest.mark.parametrize(
    "period", ["202610", 202613, 0, -202610, 202610.0, True, [202610], 10**5000], ids=shown
)
def test_a_period_that_is_no_number_of_a_month_is_refused(job, period):
    with pytest.raises(BadPeriod, match="YYYYMM"):
        job(period)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["2026-13-01"], "not a day"),
        ([20261101], "not a day"),
        ([None, "yesterday"], "not a day"),
        (["2026-11-02", "2026-11-01"], "after the last day"),
        ([None, None, "abc"], "list of ids"),
        ([None, None, [1]], "list of ids"),
    ],
    ids=str,
)
def test_days_and_ids_that_cannot_be_used_are_refused(arguments, told):
    with pytest.raises(BadInput, match=told):
        jobs.reconcile_payments(*arguments)


@pytest.mark.parametrize("invoice_id", [0, 10**30, "1", True, None], ids=str)
def test_a_payment_of_no_invoice_is_refused(owner, invoice_id):
    with pytest.raises(BadInput, match="no invoice"):
        jobs.send_payment(invoice_id)


def test_a_payment_of_an_open_invoice_is_refused(owner):
    with pytest.raises(InvoiceNotClosed):
        jobs.send_payment(invoice_of(owner, OCTOBER).pk)
