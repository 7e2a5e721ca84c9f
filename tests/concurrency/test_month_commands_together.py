"""create_invoices, restore_products and reset_products beside each other and the host's transactions."""

import threading
from decimal import Decimal
from functools import partial

import pytest
from django.db import connection, transaction
from django.db.models import Sum

from genbilling.interface import (
    add_product_to_account,
    add_step_to_product,
    remove_product_from_account,
    use_product,
)
from genbilling.models import Invoice, Product, RestoreMoment, Step
from genbilling.services import locks, month, resetting
from tests.concurrency.crowd import PATIENCE, at_once, in_background, until, until_waiting
from tests.concurrency.due import (
    NOVEMBER,
    OCTOBER,
    assert_each_paid_once,
    assert_numbers_without_gaps,
    assert_totals_are_sums,
    owners,
)
from tests.concurrency.processes import all_at_the_gate, dispatch
from tests.factories import amounts, at, run_failing

OWNERS = 30


def together(start, command, table, processes=2):
    with all_at_the_gate(processes, table):
        running = [start("manage.py", command, "--period", OCTOBER) for _ in range(processes)]
    said = [process.said() for process in running]
    assert [(run.status, run.err) for run in said] == [(0, "")] * processes
    return said


def test_two_create_invoices_at_once_open_each_invoice_once(start):
    owners(OWNERS, "MSG")
    said = together(start, "create_invoices", "genbilling_account")
    assert sum(run.count("invoices opened for") for run in said) == OWNERS
    assert Invoice.objects.filter(period=NOVEMBER).count() == OWNERS


def test_two_restore_products_at_once_restore_each_product_once(start):
    for user in owners(OWNERS, "MSG"):
        use_product("MSG", user, 7)
    said = together(start, "restore_products", "genbilling_product")
    assert sum(run.count("products restored") for run in said) == OWNERS
    moment = RestoreMoment.objects.get(period=OCTOBER).moment
    assert Product.objects.filter(used=0, restored_for=moment).count() == OWNERS


def test_two_reset_products_at_once_reset_each_product_once(start):
    users = owners(OWNERS, "MSG")
    with at("2026-09-11"):
        for user in users:
            add_step_to_product("MSG", user, 2)
    together(start, "dispatch_invoices", "genbilling_card")
    said = together(start, "reset_products", "genbilling_product")
    assert sum(run.count("products reset") for run in said) == OWNERS
    assert Product.objects.filter(capacity=1000).count() == OWNERS
    assert Step.objects.filter(live=False).count() == OWNERS


def lock_product(user):
    Product.objects.filter(account__owner=user).update(description="Held by the host")


def open_november(user):
    Invoice.objects.create(account=user.genbilling_account, period=NOVEMBER)


@pytest.mark.postgres
def test_a_batch_that_meets_a_deadlock_is_tried_again(start):
    users = owners(2, "MSG")
    # The batch goes by the order of keys; the host goes the other way round, and does not give in.
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL deadlock_timeout = '60s'")
        open_november(users[1])
        run = start("manage.py", "create_invoices", "--period", OCTOBER)
        until_waiting()
        # The run has what is asked for now, and waits for us: we get it because the run is broken off.
        open_november(users[0])
    said = run.said()
    assert (said.status, said.err) == (0, "")
    assert said.count("invoices opened for") == 0
    assert Invoice.objects.filter(period=NOVEMBER).count() == 2


@pytest.mark.postgres
@pytest.mark.tampers
@pytest.mark.parametrize("command", ["restore_products", "reset_products"])
def test_what_somebody_holds_is_passed_over_and_tried_again(start, command):
    users = used_and_stepped(2)
    with transaction.atomic():
        lock_product(users[1])
        run = start("manage.py", command, "--period", OCTOBER)
        until(lambda: done(command) == {users[0].pk}, "the other product is done")
    said = run.said()
    assert (said.status, said.err) == (0, "")
    assert said.count("products restored" if command == "restore_products" else "products reset") == 2
    assert done(command) == {user.pk for user in users}


@pytest.mark.postgres
@pytest.mark.tampers
@pytest.mark.parametrize("command", ["restore_products", "reset_products"])
def test_what_somebody_holds_all_the_while_is_reported(monkeypatch, command):
    monkeypatch.setattr(locks, "LAST_PASS_SECONDS", 0.5)
    users = used_and_stepped(2)
    with transaction.atomic():
        lock_product(users[1])
        held = Product.objects.get(account__owner=users[1])
        with in_background() as begin:
            said = begin(partial(run_failing, command, period=OCTOBER)).result()
    assert f"1 rows were held by other transactions all the while, and not worked: {held.pk}." in said
    assert done(command) == {users[0].pk}
    assert held.steps.get().live, "no step is taken from a product that keeps its capacity"


@pytest.mark.postgres
@pytest.mark.tampers
@pytest.mark.parametrize("command", ["restore_products", "reset_products"])
def test_a_run_waits_in_the_queue_for_what_somebody_holds(start, command):
    users = used_and_stepped(2)
    with transaction.atomic():
        lock_product(users[1])
        run = start("manage.py", command, "--period", OCTOBER)
        until_waiting()
        assert done(command) == {users[0].pk}, "the other product is done, and committed"
    said = run.said()
    assert (said.status, said.err) == (0, "")
    assert done(command) == {user.pk for user in users}


@pytest.mark.postgres
@pytest.mark.tampers
@pytest.mark.parametrize("verb", [month.restore_products, month.reset_products])
def test_buying_that_never_pauses_holds_no_run_off(verb):
    users = used_and_stepped(2)
    over = threading.Event()

    def hold_by_turns():
        while not over.is_set():
            with transaction.atomic():
                lock_product(users[0])
                over.wait(0.01)

    with in_background() as begin:
        try:
            for _ in range(3):
                begin(hold_by_turns)
            until_waiting(2)
            report = verb(OCTOBER)
        finally:
            over.set()
    assert report == month.MonthReport(changed=2, held=[])


@pytest.mark.postgres
@pytest.mark.tampers
def test_one_that_is_held_for_long_does_not_use_up_the_waiting_for_the_others(monkeypatch):
    monkeypatch.setattr(locks, "LOCK_WAIT_SECONDS", 0.2)
    users = used_and_stepped(3)
    holds, may_go = threading.Event(), threading.Event()

    def hold_for_a_moment():
        with transaction.atomic():
            lock_product(users[1])
            holds.set()
            may_go.wait(PATIENCE)

    with in_background() as begin, transaction.atomic():
        lock_product(users[0])
        begin(hold_for_a_moment)
        holds.wait(PATIENCE)
        running = begin(partial(month.restore_products, OCTOBER))
        until_waiting()
        may_go.set()
        report = running.result()
        held = Product.objects.get(account__owner=users[0])
    assert report == month.MonthReport(changed=2, held=[held.pk])
    assert done("restore_products") == {users[1].pk, users[2].pk}


@pytest.mark.postgres
def test_what_somebody_else_opens_and_leaves_open_is_waited_for_within_bounds(monkeypatch):
    monkeypatch.setattr(locks, "LOCK_WAIT_SECONDS", 0.1)
    [user] = owners(1, "MSG")
    with in_background() as begin, transaction.atomic():
        # By hand, without the account's lock.
        open_november(user)
        report = begin(partial(month.create_invoices, OCTOBER)).result()
    assert report == month.MonthReport(changed=0, held=[user.genbilling_account.pk])


@pytest.mark.postgres
@pytest.mark.tampers
def test_a_step_that_is_bought_between_the_look_of_a_reset_and_its_lock_keeps_its_units(monkeypatch):
    [user] = used_and_stepped(1)
    # The statement has looked, and stops at a gate before it locks.
    gate = "AND (SELECT pg_advisory_lock(7)::text) = '' FOR NO KEY UPDATE"
    sql_of = resetting.sql_of

    def gated(rows):
        sql, parameters = sql_of(rows)
        assert "FOR NO KEY UPDATE" in sql
        return sql.replace("FOR NO KEY UPDATE", gate), parameters

    monkeypatch.setattr(resetting, "sql_of", gated)
    with in_background() as begin:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(7)")
            running = begin(partial(month.reset_products, OCTOBER))
            until_waiting()
            with at("2026-10-01"):
                begin(partial(add_step_to_product, "MSG", user, 3)).result()
        report = running.result()
    assert (report.changed, report.held, report.kept) == (1, [], resetting.Kept(steps=3, through=NOVEMBER))
    assert Product.objects.get().capacity == 1000 + 3000


def used_and_stepped(number):
    """Owners who have used some of their product and bought a step for it that is invoiced."""
    users = owners(number, "MSG")
    with at("2026-09-11"):
        for user in users:
            use_product("MSG", user, 7)
            add_step_to_product("MSG", user)
    Invoice.objects.filter(period=OCTOBER).update(closed=True, closed_at="2026-10-01 00:10Z", total=0)
    return users


def done(command):
    """The owners whose product the command has done."""
    products = (
        Product.objects.filter(used=0)
        if command == "restore_products"
        else Product.objects.filter(capacity=1000)
    )
    return set(products.values_list("account__owner", flat=True))


@pytest.mark.postgres
def test_a_use_that_waits_for_restore_products_counts_against_the_restored_bucket():
    [user] = owners(1, "MSG")
    use_product("MSG", user, 500)
    with in_background() as begin:
        with transaction.atomic():
            assert month.restore_products(OCTOBER).changed == 1
            answer = begin(partial(use_product, "MSG", user, 10))
            until_waiting()
        assert answer.result() == 990
    assert Product.objects.get().used == 10


@pytest.mark.postgres
@pytest.mark.parametrize("stays", [True, False])
def test_create_invoices_comes_back_for_a_purchase_that_opens_the_same_invoice(start, stays):
    user, other = owners(2, "MSG")
    # Rolled back, the purchase takes its invoice with it, and the command opens one all the same.
    with transaction.atomic():
        with at("2026-10-31 23:00"):
            add_step_to_product("MSG", user)
        run = start("manage.py", "create_invoices", "--period", OCTOBER)
        opened = Invoice.objects.filter(period=NOVEMBER, account=other.genbilling_account)
        until(opened.exists, "the other account's invoice is open")
        transaction.set_rollback(not stays)
    said = run.said()
    assert (said.status, said.err, said.count("invoices opened for")) == (0, "", 1 if stays else 2)
    invoice = Invoice.objects.get(period=NOVEMBER, account=user.genbilling_account)
    assert amounts(invoice) == ([Decimal("7.99")] if stays else [])


def test_everything_at_once_loses_nothing(start, braintree_books):
    """All four commands, some twice, beside customers who buy, consume and come and go."""
    users = owners(15, "MSG")

    def for_all(do):
        return lambda: [do(user) for user in users] and None

    jobs = [
        partial(add_step_to_product, "MSG"),
        partial(add_step_to_product, "MSG", amount=2),
        partial(use_product, "MSG", amount=5),
        partial(use_product, "MSG", amount=900),
        partial(add_product_to_account, "ANS_SERV_STAFF"),
        partial(remove_product_from_account, "MSG"),
        partial(add_product_to_account, "MSG"),
    ]
    commands = ["dispatch_invoices", "dispatch_invoices", "create_invoices", "restore_products"]
    running = [start("manage.py", command, "--period", OCTOBER) for command in [*commands, "reset_products"]]
    with at("2026-09-30 23:00"):
        at_once(*map(for_all, jobs))
    assert [(said.status, said.err) for said in (run.said() for run in running)] == [(0, "")] * 5
    [said] = dispatch(start, OCTOBER)
    assert said.status == 0
    assert_each_paid_once(braintree_books, Invoice.objects.filter(period=OCTOBER))
    assert_totals_are_sums()
    assert_numbers_without_gaps()
    for product in Product.objects.filter(name="MSG"):
        live = product.steps.filter(live=True).aggregate(units=Sum("units"))["units"] or 0
        assert product.capacity == 1000 + live
        # Each purchase is on one invoice, at its price.
        bought = product.items.filter(amount__in=["7.99", "15.98"])
        assert sorted(bought.values_list("amount", flat=True)) == [Decimal("7.99"), Decimal("15.98")]
        # No month's flat rate is there twice, though the product was taken off and on meanwhile.
        months = list(product.items.filter(amount="9.99").values_list("description", flat=True))
        assert len(set(months)) == len(months) >= 1
