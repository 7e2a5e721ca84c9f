"""Many rows at once: each is changed to values of its own, on both databases, whatever the values are."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from genbilling.models import Account, Charge, Invoice
from genbilling.services.rows import among, update_rows
from tests.factories import a_user

pytestmark = pytest.mark.django_db

MANY = 2_000
MOMENT = datetime(2026, 10, 1, 4, 5, 6, 789, tzinfo=UTC)
KINDS = ("amount", "request", "message", "uncertain_at", "keyed", "ended_at")


@pytest.fixture
def invoices():
    """Open invoices of one account."""
    account = Account.objects.create(owner=a_user())
    return Invoice.objects.bulk_create(Invoice(account=account, period=period) for period in range(1, 4))


@pytest.fixture
def charges(invoices):
    """Two thousand refused charges of one invoice."""
    return Charge.objects.bulk_create(
        Charge(invoice=invoices[0], amount=1, state="refused", ended_at=MOMENT) for _ in range(MANY)
    )


def test_two_thousand_rows_are_changed_each_to_its_own(charges):
    names = ("amount", "request", "message", "uncertain_at")
    rows = [
        (one.pk, Decimal(number) / 100, {"n": [number]}, f"No {number}", MOMENT if number % 2 else None)
        for number, one in enumerate(charges)
    ]
    update_rows(Charge, names, rows)
    assert list(Charge.objects.order_by("pk").values_list("pk", *names)) == rows


def test_two_thousand_keys_are_found_and_no_others(charges):
    wanted = [one.pk for one in charges[::2]]
    assert sorted(Charge.objects.filter(among("pk", wanted)).values_list("pk", flat=True)) == wanted
    keys = {one.invoice_id for one in charges}
    assert Charge.objects.filter(among("invoice__pk", keys)).count() == MANY


def test_values_of_every_kind_come_back_as_they_were_and_other_rows_stay(charges):
    first, second, third, *others = charges
    rows = [
        (first.pk, Decimal("0.10"), {"a": [1, None, "ß"], "b": {"c": True}}, "it's", None, True, MOMENT),
        (second.pk, Decimal("99999999.99"), {}, '100 % {sure} \\ "so", NULL', MOMENT, False, MOMENT),
        (third.pk, Decimal("-1.00"), {"": []}, "", None, True, MOMENT.replace(year=1999)),
    ]
    update_rows(Charge, KINDS, rows)
    assert list(Charge.objects.filter(pk__lte=third.pk).order_by("pk").values_list("pk", *KINDS)) == rows
    untouched = Charge.objects.filter(among("pk", [one.pk for one in others]))
    assert set(untouched.values_list("amount", "message", "uncertain_at")) == {(Decimal("1.00"), "", None)}


def test_a_column_of_nothing_but_none_is_written(charges, invoices):
    keys = [one.pk for one in charges[:3]]
    Charge.objects.filter(pk__in=keys).update(uncertain_at=MOMENT)
    update_rows(Charge, ["uncertain_at"], [(key, None) for key in keys])
    assert not Charge.objects.exclude(uncertain_at=None).exists()
    update_rows(Invoice, ["pending_charge", "total"], [(one.pk, None, None) for one in invoices])
    assert set(Invoice.objects.values_list("pending_charge", "total")) == {(None, None)}


def test_a_foreign_key_is_given_by_its_key(charges, invoices):
    update_rows(Invoice, ["pending_charge"], [(invoices[0].pk, charges[5].pk), (invoices[1].pk, None)])
    assert [one.pending_charge for one in Invoice.objects.order_by("pk")] == [charges[5], None, None]


def test_no_rows_and_no_keys_are_no_change(charges, django_assert_num_queries):
    with django_assert_num_queries(0):
        update_rows(Charge, ["amount"], [])
    assert list(Charge.objects.filter(among("pk", []))) == []
    assert list(Charge.objects.filter(among("pk", iter(())))) == []


def test_a_key_that_is_not_there_changes_nothing(charges):
    update_rows(Charge, ["amount"], [(charges[-1].pk + 1, Decimal(7))])
    assert set(Charge.objects.values_list("amount", flat=True)) == {Decimal("1.00")}
