"""What save() writes of an account, a product and an invoice: what its caller changed, and nothing else."""

import copy
import pickle
from contextlib import contextmanager, suppress
from decimal import Decimal

import pytest
from django import forms
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from genbilling.exceptions import InvoiceClosed, MovedByVerb
from genbilling.interface import (
    activate_account,
    add_product_to_account,
    cancel_account,
    expire_account,
    remove_product_from_account,
    update_product_terms,
    use_product,
)
from genbilling.models import Account, Invoice, Product
from tests.factories import (
    GOOD_CARD,
    a_user,
    amounts,
    an_owner,
    at,
    credit,
    declare,
    invoice_of,
    product,
    run,
    run_failing,
    turn_the_month,
)
from tests.test_catalogue import nothing_changes

pytestmark = pytest.mark.django_db

MODELS = (Account, Product, Invoice)


@pytest.fixture
def user(settings):
    declare(settings, product("PLAN"))
    with at("2026-10-10"):
        return an_owner("PLAN", card=GOOD_CARD)


def account_of(user):
    return Account.objects.get(owner=user)


def product_of(user):
    return Product.objects.get(account__owner=user)


@contextmanager
def what_is_written():
    """Note the statements that write."""
    statements = []
    with CaptureQueriesContext(
        connection,
    ) as captured:
        yield statements
    statements += [
        query["sql"] for query in captured if query["sql"].startswith(("UPDATE", "INSERT", "DELETE"))
    ]


# A stale instance


def test_a_stale_product_does_not_have_a_month_billed_twice(user):
    stale = product_of(user)
    with at("2026-11-01"):
        run("dispatch_invoices")
        stale.save()
        assert product_of(user).billed_through == 202611
    with at("2026-12-01"):
        run("dispatch_invoices")
    assert amounts(invoice_of(user, 202612)) == [Decimal("10.00")]


@pytest.mark.parametrize("end", [cancel_account, expire_account])
def test_a_stale_account_is_not_brought_back(user, end):
    stale = account_of(user)
    end(user)
    stale.save()
    assert not account_of(user).access_granted()


def test_a_product_by_name_does_not_undo_an_update_of_its_terms(user, settings):
    declare(
        settings, product("PLAN", flat_rate="12.00", step_cost="6.00", step=60, description="The new plan")
    )
    with at("2026-10-20"):
        update_product_terms("PLAN", user)
        held = account_of(user).get_product_by_name("PLAN")
        assert (held.flat_rate, held.step_cost, held.step) == (Decimal("10.00"), Decimal("5.00"), 50)
        with nothing_changes():
            held.save()
    with at("2026-11-01"):
        run("dispatch_invoices")
        assert account_of(user).get_product_by_name("PLAN").flat_rate == Decimal("12.00")
    assert amounts(invoice_of(user, 202611)) == [Decimal("10.00"), Decimal("12.00")]


def test_a_stale_instance_takes_nothing_back_in_the_whole_of_a_month(user):
    stale = [account_of(user), product_of(user), invoice_of(user, 202611)]
    use_product("PLAN", user, 30)
    with at("2026-11-01"):
        turn_the_month()
        cancel_account(user)
        with nothing_changes():
            for row in stale:
                row.save()
                row.save(update_fields=[field.name for field in row._meta.fields if not field.primary_key])


def test_what_a_service_returned_takes_nothing_back(user):
    with at("2026-10-20"):
        rows = [cancel_account(user), activate_account(user), remove_product_from_account("PLAN", user)]
        rows += [add_product_to_account("PLAN", user), update_product_terms("PLAN", user)]
    with at("2026-11-01"):
        turn_the_month()
        charge = invoice_of(user, 202611).send_payment()
        cancel_account(user)
        with nothing_changes():
            for row in [*rows, charge.invoice]:
                row.save()


def test_the_invoice_of_a_charge_just_made_can_be_saved(user, braintree):
    with at("2026-11-01"), braintree.fault("refuse", path="/transactions"):
        run_failing("dispatch_invoices")
    with at("2026-11-02"):
        charge = invoice_of(user, 202611).send_payment()
        assert charge.invoice.paid
        with nothing_changes():
            charge.invoice.save()


# What the caller changed


def test_a_save_writes_what_was_changed_and_only_that(user):
    account = account_of(user)
    account.status = Account.Status.GRACE
    Account.objects.update(customer_id="moved meanwhile")
    with what_is_written() as written:
        account.save()
    assert (account_of(user).status, account_of(user).customer_id) == ("grace", "moved meanwhile")
    assert len(written) == 1
    assert "customer_id" not in written[0].split("WHERE")[0]


def test_a_save_without_a_change_writes_nothing(user):
    with what_is_written() as written:
        for row in (account_of(user), product_of(user), invoice_of(user, 202611)):
            row.save()
    assert written == []


def test_a_save_of_named_fields_leaves_the_other_changes(user):
    account = account_of(user)
    account.status, account.customer_id = "grace", "else"
    account.save(update_fields=["status"])
    assert account_of(user).customer_id != "else"
    account.save()
    assert (account_of(user).status, account_of(user).customer_id) == ("grace", "else")
    with pytest.raises(ValueError, match="no_field"):
        account.save(update_fields=["no_field"])


def test_what_was_saved_once_is_not_saved_again_over_what_moved_since(user):
    account = account_of(user)
    account.status = "grace"
    account.save()
    cancel_account(user)
    account.save()
    assert account_of(user).status == "cancelled"


def test_a_row_made_here_takes_nothing_back(user):
    owner = a_user()
    account = Account.objects.create(owner=owner)
    cancel_account(owner)
    for made in (account, copy.copy(account), copy.deepcopy(account)):
        made.save()
    assert account_of(owner).status == "cancelled"


def test_a_value_in_another_spelling_is_no_change(user):
    held = product_of(user)
    held.flat_rate, held.used, held.added_at = "10.00", "0", held.added_at.isoformat()
    with nothing_changes():
        held.save()


def test_an_expression_is_written_once(user):
    other = a_user()
    account = account_of(user)
    account.opened_in = F("opened_in") + 1
    account.save()
    account.owner = other
    account.save()
    assert (account_of(other).opened_in, account_of(other).owner) == (202611, other)


def test_what_was_not_read_is_compared_with_the_row(user):
    account = Account.objects.only("owner").get(owner=user)
    account.status = "grace"
    account.save()
    assert account_of(user).status == "grace"
    Account(pk=account.pk, status="active").save(update_fields=["status"])
    assert account_of(user).status == "active"
    with pytest.raises(MovedByVerb, match="billed_through by dispatch_invoices"):
        Product(pk=product_of(user).pk, billed_through=202601).save(update_fields=["billed_through"])


def test_reading_again_forgets_a_change(user):
    account = account_of(user)
    account.unpaid_since = timezone.now()
    account.status = "grace"
    account.refresh_from_db(fields=["unpaid_since"])
    account.save()
    assert account_of(user).status == "grace"
    account.unpaid_since = timezone.now()
    account.refresh_from_db()
    account.save()


def test_a_row_that_came_out_of_a_cache_takes_nothing_back(user):
    account = account_of(user)
    kept = pickle.dumps(account)
    cancel_account(user)
    pickle.loads(kept).save()
    assert account_of(user).status == "cancelled"


def test_a_copy_is_a_row_of_its_own(user):
    invoice = invoice_of(user, 202611)
    invoice.pk, invoice.period = None, 202612
    invoice.save()
    assert {one.period for one in Invoice.objects.all()} == {202611, 202612}
    with at("2026-11-01"):
        run("dispatch_invoices")
    # Another row's key is another row: what is written there counts as changed.
    invoice.pk = invoice_of(user, 202611).pk
    with nothing_changes(), pytest.raises(InvoiceClosed, match="its period"):
        invoice.save(update_fields=["period"])


def test_a_row_that_is_gone_does_not_come_back(user):
    invoice = credit(user, "1.00", 202701)
    invoice.related_items.all().delete()
    Invoice.objects.filter(pk=invoice.pk).delete()
    invoice.period = 202702
    with pytest.raises(DatabaseError), transaction.atomic():
        invoice.save()


# A rollback


class Broken(Exception):
    pass


def broken_off(work):
    with suppress(Broken), transaction.atomic():
        work()
        raise Broken


def test_a_change_that_was_rolled_back_is_saved_by_the_next_save(user):
    account = account_of(user)
    account.status = "grace"
    broken_off(account.save)
    assert account_of(user).status == "active"
    account.save()
    assert account_of(user).status == "grace"


def test_a_new_row_that_was_rolled_back_is_saved_by_the_next_save(user):
    account = Account(owner=a_user())
    broken_off(account.save)
    account.save()
    assert account_of(account.owner).pk == account.pk


@pytest.mark.django_db(transaction=True)
def test_what_committed_stays_known_and_what_was_rolled_back_does_not(user):
    account = account_of(user)
    account.status = "grace"
    with transaction.atomic():
        account.save()
    Account.objects.update(status="cancelled")
    account.save()
    assert account_of(user).status == "cancelled"
    account.status = "expired"
    broken_off(account.save)
    account.save()
    assert account_of(user).status == "expired"


# What verbs move

HAND_MADE = {
    "description": "Else",
    "flat_rate": Decimal("1.00"),
    "step_cost": Decimal("1.00"),
    "periodic": True,
    "number": 77,
    "printed_number": "77",
    "total": Decimal("1.00"),
    "seal": {"invoice": "else"},
    "void_by": "eve",
    "void_memo": "x",
}
MOVED = [(model, name, verb) for model in MODELS for name, verb in model.MOVED_BY.items()]


def by_hand(field):
    if field.name in HAND_MADE:
        return HAND_MADE[field.name]
    if field.get_internal_type() == "DateTimeField":
        return timezone.now()
    return field.get_internal_type() == "BooleanField" or 202601


@pytest.mark.parametrize(("model", "name", "verb"), MOVED)
@pytest.mark.parametrize("fields", ["all", "that one"])
def test_what_a_verb_moves_is_refused_with_the_verb_to_call(user, model, name, verb, fields):
    row = model.objects.order_by("pk").last()
    setattr(row, name, by_hand(model._meta.get_field(name)))
    with nothing_changes(), pytest.raises(MovedByVerb) as caught:
        row.save(update_fields=None if fields == "all" else [name])
    assert f"{name} by {verb}" in str(caught.value)
    row.refresh_from_db()
    row.save()


def test_every_column_that_services_move_names_its_verb():
    there = {field.attname for model in MODELS for field in model._meta.concrete_fields}
    assert {name for _, name, _ in MOVED} <= there


def test_the_status_is_set_by_hand(user):
    account = account_of(user)
    for status in Account.Status:
        account.status = status
        account.save()
        assert account_of(user).status == status


def test_what_is_known_to_have_moved_already_is_no_change(user):
    """A stale instance that is brought up to date by hand."""
    stale = account_of(user)
    Account.objects.update(invoiced_through=202612)
    stale.invoiced_through = 202612
    stale.save()


def test_a_form_for_every_column_saves_what_was_typed_in(user):
    """As the admin does where a project registers the model so that it can be changed."""
    form_of = {model: forms.modelform_factory(model, fields="__all__") for model in (Account, Product)}
    Account.objects.update(activated_at=timezone.now().replace(microsecond=123456))
    for model, changes in ((Account, {"status": "grace"}), (Product, {"name": "ELSE"})):
        row = model.objects.get()
        shown = form_of[model](instance=row)
        typed = {name: shown[name].value() for name in shown.fields}
        typed = {name: "" if value is None else value for name, value in typed.items()} | changes
        form = form_of[model](typed, instance=model.objects.get())
        assert form.is_valid(), form.errors
        form.save()
        row.refresh_from_db()
        assert {name: str(getattr(row, name)) for name in changes} == changes


# Another database than the books' is no place of theirs


def test_a_save_that_names_another_database_goes_there(user):
    account = account_of(user)
    with pytest.raises(Exception, match="elsewhere"):
        account.save(using="elsewhere")
