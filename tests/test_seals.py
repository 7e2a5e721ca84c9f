"""Seals: what they show, what may change all the same, and that those of earlier versions stay valid."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.utils.functional import lazystr

from genbilling.digests import seal, version_of
from genbilling.models import Card, Charge, Invoice, InvoiceItem, Refund, Step
from genbilling.services import seals
from tests.factories import GOOD_CARD, an_owner, at, credit, declare, product, run, run_failing

AT = datetime(2026, 10, 1, 6, 0, 0, 123456, tzinfo=UTC)


def an_invoice():
    return Invoice(
        pk=7,
        account_id=3,
        period=202610,
        number=1,
        printed_number="1",
        total=Decimal("30.00"),
        closed=True,
        closed_at=AT,
    )


def an_item():
    return InvoiceItem(
        pk=11,
        invoice_id=7,
        product_id=5,
        description="The plan, October 2026",
        amount=Decimal("30.00"),
        created_at=AT,
    )


def a_step():
    return Step(pk=13, product_id=5, invoice_id=7, item_id=11, amount=2, units=100, bought_at=AT)


def a_charge(**more):
    return Charge(
        pk=17,
        invoice_id=7,
        key="k" * 32,
        state="paid",
        amount=Decimal("30.00"),
        request={"amount": "30.00"},
        transaction_id="abc",
        currency="USD",
        response_code="1000",
        response_text="Approved",
        card_token="t",
        ended_at=AT,
        number_id="n",
        **more,
    )


def a_refund(**more):
    return Refund(
        pk=19,
        charge_id=17,
        key="r" * 32,
        state="paid",
        amount=Decimal("4.00"),
        transaction_id="def",
        currency="USD",
        kind="refund",
        operator="anna",
        memo="why",
        ended_at=AT,
        **more,
    )


# As 0.1.0's first revisions took them of these rows.
OLD_SEAL = {
    "invoice": "cf73c80491b4fba0576d8b5732de91400f02891faf4f27febff1ba501e64cda2",
    "items": {"11": "1d24aec36c36ae802ac90f4b5e561847becdfcb1bcd2973d4728ae1af3b89255"},
    "steps": {"13": "865f742780e735b7be102b55f782913106d48ccf2e0e5ddbf4a112be0f4ed636"},
}
OLD_CHARGE = "680b56d51fc75294b702a5dd1ff4c4ac151c1ac7eb63e336855bbc36e089e0bc"
OLD_REFUND = "3b6d450d924ab60cb9efc87302bb206bba0bafc3875b9bd29f08e5c69131c7ca"


def broken(invoice, item, step):
    return list(seals.broken_seals(invoice, [item], [step]))


def test_a_seal_of_the_first_version_stays_valid_and_still_shows_a_change():
    invoice, item, step = an_invoice(), an_item(), a_step()
    invoice.seal = OLD_SEAL
    assert broken(invoice, item, step) == []
    step.bought_at = None
    assert broken(invoice, item, step) == [], "that was not sealed then"
    invoice.total, item.amount, step.units = Decimal(1), Decimal(1), 1
    assert broken(invoice, item, step) == [
        "its own row was changed after closing",
        "item 11 was changed after closing",
        "step 13 was changed after closing",
    ]


def test_a_seal_of_today_says_its_version_and_shows_when_a_step_was_bought():
    invoice, item, step = an_invoice(), an_item(), a_step()
    invoice.seal = seals.seal(invoice, [item], [step])
    assert invoice.seal["version"] == 2
    assert broken(invoice, item, step) == []
    step.bought_at = datetime(2026, 9, 1, tzinfo=UTC)
    assert broken(invoice, item, step) == ["step 13 was changed after closing"]


def test_a_seal_does_not_become_an_older_one_by_leaving_out_its_version():
    invoice, item, step = an_invoice(), an_item(), a_step()
    invoice.seal = seals.seal(invoice, [item], [step])
    del invoice.seal["version"]
    assert broken(invoice, item, step) == ["step 13 was changed after closing"]


def test_a_seal_of_a_later_version_is_told_as_such():
    invoice, item, step = an_invoice(), an_item(), a_step()
    invoice.seal = OLD_SEAL | {"version": 3}
    assert broken(invoice, item, step) == ["its seal is of a version that this genbilling does not know: 3"]


@pytest.mark.parametrize(
    ("attempt", "old"), [(a_charge, OLD_CHARGE), (a_refund, OLD_REFUND)], ids=["charge", "refund"]
)
def test_charges_and_refunds_that_ended_before_the_upgrade_are_as_they_were_sealed(attempt, old):
    assert attempt(seal=old).is_as_sealed()
    assert not attempt(seal=f"2:{old}").is_as_sealed()
    changed = attempt(seal=old)
    changed.amount += 1
    assert not changed.is_as_sealed()


@pytest.mark.parametrize("name", ["response_text", "number_id", "reject_reason"])
def test_what_the_gateway_said_is_sealed_too_from_now_on(name):
    charge = a_charge(seal=OLD_CHARGE)
    setattr(charge, name, "else")
    assert charge.is_as_sealed(), "it was not sealed then"
    charge.seal = charge.seal_now()
    assert charge.is_as_sealed()
    setattr(charge, name, "else again")
    assert not charge.is_as_sealed()


@pytest.mark.parametrize("text", ["", "3:abc", ":abc", "x:abc", "²:abc", "abc"])
def test_what_is_no_seal_is_none(text):
    assert not a_charge(seal=text).is_as_sealed()


def test_a_seal_says_its_version():
    assert [version_of(seal(version, "a")) for version in (1, 2, 12)] == [1, 2, 12]


# Open items, which your code may change


@pytest.fixture
def item(settings, db):
    declare(settings, product("PLAN"))
    with at("2026-10-10"):
        return credit(an_owner(), "3.00", 202611).related_items.get()


CHANGES = {
    "saved": lambda item: item.save(),
    "that alone saved": lambda item: item.save(update_fields=["amount", "description"]),
    "updated": lambda item: InvoiceItem.objects.filter(amount=-3).update(amount="-4.005", description="Else"),
    "updated in bulk": lambda item: InvoiceItem.objects.bulk_update([item], ["amount", "description"]),
    "created in bulk": lambda item: InvoiceItem.objects.bulk_create(
        [InvoiceItem(invoice=item.invoice, amount=1)]
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_an_item_of_an_open_invoice_that_your_code_changes_is_sealed_anew(item, change):
    item.amount, item.description = Decimal("-4.005"), lazystr("Else")
    change(item)
    item = InvoiceItem.objects.latest("pk")
    assert item.seal
    assert item.is_as_sealed()
    assert run("audit_billing").endswith("0 findings.")


def test_an_item_from_before_there_were_seals_counts_as_unchanged(item):
    InvoiceItem.objects.update(seal="")
    assert run("audit_billing").endswith("0 findings.")


def test_an_item_that_moves_to_another_open_invoice_is_sealed_anew(item):
    other = credit(an_owner(), "1.00", 202611)
    InvoiceItem.objects.filter(pk=item.pk).update(invoice=other)
    assert run("audit_billing").endswith("0 findings.")


# Cards


@pytest.mark.django_db
def test_a_card_of_before_there_were_seals_may_be_anybodys_until_it_is_charged(settings, braintree):
    declare(settings, product("PLAN"))
    with at("2026-09-10"):
        user, other = an_owner("PLAN", card=GOOD_CARD), an_owner()
    Card.objects.update(seal="")
    with at("2026-10-01"):
        run("dispatch_invoices")
    Card.objects.update(account=other.genbilling_account)
    assert f"which is of account {other.genbilling_account.pk}" in run_failing("audit_billing")
    assert user.genbilling_account.invoices.filter(paid=True).exists()
