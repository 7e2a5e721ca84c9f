"""The statements of create_invoices, restore_products and reset_products, over ranges of keys with gaps."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from genbilling.interface import add_step_to_product, update_product_terms, use_product
from genbilling.models import Account, AccountUser, Invoice, Product, Step
from genbilling.services import month, ranges
from tests.factories import an_owner, at, declare, product

pytestmark = pytest.mark.django_db

SEPTEMBER, OCTOBER, NOVEMBER = 202609, 202610, 202611
VERBS = [month.create_invoices, month.restore_products, month.reset_products]
every_verb = pytest.mark.parametrize("verb", VERBS)


@pytest.fixture(autouse=True)
def plan(settings):
    declare(settings, product("PLAN", periodic=True))


@pytest.fixture
def owners():
    """Five owners who have used 120 units of 150, with a step on October's invoice, which is closed.

    Between their keys there are gaps.
    """
    with at("2026-09-10"):
        users = []
        for _ in range(5):
            users.append(an_owner("PLAN"))
            leave_a_gap()
        for user in users:
            add_step_to_product("PLAN", user)
            use_product("PLAN", user, 120)
    Invoice.objects.filter(period=OCTOBER).update(closed=True, closed_at="2026-10-01 00:10Z", total=0)
    return users


def leave_a_gap():
    gone = an_owner().genbilling_account
    AccountUser.objects.filter(account=gone).delete()
    gone.delete()


def state():
    return (
        list(Invoice.objects.filter(period=NOVEMBER).order_by("account").values_list("account", flat=True)),
        list(Product.objects.order_by("pk").values_list("used", "capacity", "capacity_without_steps")),
        list(Step.objects.order_by("pk").values_list("live", flat=True)),
    )


@pytest.mark.parametrize("rows", [1, 2, 5, 6, 10_000])
@every_verb
def test_every_row_is_changed_once_however_the_ranges_fall(monkeypatch, owners, verb, rows):
    monkeypatch.setattr(ranges, "ROWS", rows)
    done = []
    report = verb(OCTOBER, progress=done.append)
    assert (report.changed, report.held, sum(done)) == (5, [], 5)
    after = state()
    assert (
        after
        == {
            month.create_invoices: (
                list(Account.objects.order_by("pk").values_list("pk", flat=True)),
                [(120, 150, 100)] * 5,
                [True] * 5,
            ),
            month.restore_products: ([], [(0, 150, 100)] * 5, [True] * 5),
            month.reset_products: ([], [(120, 100, 100)] * 5, [False] * 5),
        }[verb]
    )
    assert verb(OCTOBER).changed == 0
    assert state() == after


@every_verb
def test_a_dry_run_counts_and_writes_nothing(owners, verb):
    before = state()
    with CaptureQueriesContext(connection) as queries:
        report = verb(OCTOBER, dry_run=True)
    assert (report.changed, report.held) == (5, [])
    assert {query["sql"].split()[0] for query in queries} == {"SELECT"}
    assert state() == before


@every_verb
def test_the_number_of_statements_does_not_grow_with_the_rows(owners, verb):
    with CaptureQueriesContext(connection) as queries:
        assert verb(OCTOBER).changed == 5
    assert len(queries) <= 20


def test_an_invoice_is_opened_as_the_models_would_open_it(owners):
    last = owners[-1].genbilling_account
    with at("2026-10-01"):
        Invoice.objects.create(account=last, period=NOVEMBER)
        assert month.create_invoices(OCTOBER).changed == 4
    *opened, by_the_model = Invoice.objects.filter(period=NOVEMBER).order_by("account")
    for invoice in opened:
        assert invoice.created_at.date().isoformat() == "2026-10-01"
        for field in Invoice._meta.concrete_fields:
            if field.name not in ("id", "account", "created_at"):
                assert getattr(invoice, field.attname) == getattr(by_the_model, field.attname)


def test_terms_decide_that_are_valid_in_the_period(settings, owners):
    declare(settings, product("PLAN", periodic=False, initial_step=30))
    with at("2026-09-20"):
        update_product_terms("PLAN", owners[0])
    assert month.restore_products(SEPTEMBER, force=True).changed == 5, "all are periodic until October"
    assert month.restore_products(OCTOBER).changed == 4
    assert month.reset_products(SEPTEMBER).changed == 0, "the step is October's"
    assert month.reset_products(SEPTEMBER, force=True).changed == 5
    assert set(Product.objects.values_list("capacity", flat=True)) == {100}
    assert month.reset_products(OCTOBER).changed == 1
    first = Product.objects.get(account=owners[0].genbilling_account)
    assert (first.capacity, first.capacity_without_steps) == (30, 30)


def test_by_force_every_periodic_product_counts_whatever_it_has_used(owners):
    assert month.restore_products(OCTOBER).changed == 5
    assert month.restore_products(OCTOBER, dry_run=True).changed == 0
    use_product("PLAN", owners[0])
    assert month.restore_products(OCTOBER, force=True, dry_run=True).changed == 5
    assert month.restore_products(OCTOBER, force=True) == month.MonthReport(changed=5, held=[])
    assert set(Product.objects.values_list("used", flat=True)) == {0}


def test_a_step_on_an_open_invoice_stays_beside_one_that_is_taken(owners):
    with at("2026-10-01"):
        add_step_to_product("PLAN", owners[0], 3)
    assert month.reset_products(OCTOBER).changed == 5
    capacities = Product.objects.order_by("pk").values_list("capacity", flat=True)
    assert list(capacities) == [250, 100, 100, 100, 100]
    assert list(Step.objects.filter(live=True).values_list("amount", flat=True)) == [3]


def test_a_capacity_that_somebody_changed_is_put_right(owners):
    month.reset_products(OCTOBER)
    Product.objects.filter(account=owners[2].genbilling_account).update(capacity=7)
    assert month.reset_products(OCTOBER).changed == 1
    assert set(Product.objects.values_list("capacity", flat=True)) == {100}
