"""What a product's own handlers return: saved where they left that out, refused where it is not theirs."""

from decimal import Decimal

import pytest

from genbilling.exceptions import HandlerError
from genbilling.interface import add_step_to_product
from genbilling.models import Invoice, InvoiceItem, Product, Step
from tests.factories import (
    GOOD_CARD,
    amounts,
    an_owner,
    at,
    credit,
    declare,
    invoice_of,
    lines,
    product,
    run,
    run_failing,
)
from tests.test_catalogue import nothing_changes

pytestmark = pytest.mark.django_db


def unsaved(invoice, **changes):
    return InvoiceItem(**{"invoice": invoice, "description": "Rate", "amount": Decimal("7.00")} | changes)


@pytest.mark.parametrize("invoice_given", [True, False])
def test_an_item_that_a_bill_handler_did_not_save_is_on_the_months_invoice(settings, invoice_given):
    declare(
        settings, product("PLAN", bill=lambda account, invoice: unsaved(invoice if invoice_given else None))
    )
    with at("2026-09-10"):
        user = an_owner("PLAN", card=GOOD_CARD)
    with at("2026-10-01"):
        run("dispatch_invoices")
    october = invoice_of(user, 202610)
    assert lines(october)[1:] == [("Rate", Decimal("7.00"))]
    assert (october.total, october.paid) == (Decimal("17.00"), True)


def test_an_item_that_a_bill_steps_handler_did_not_save_bills_the_steps(settings):
    declare(settings, product("PLAN", bill_steps=lambda account, invoice, steps: unsaved(invoice)))
    with at("2026-09-10"):
        user = an_owner("PLAN")
        assert add_step_to_product("PLAN", user) == 150
    assert lines(invoice_of(user, 202610))[1:] == [("Rate", Decimal("7.00"))]
    assert Step.objects.get().item.amount == Decimal("7.00")


def saved_earlier(account, invoice):
    item = unsaved(account.invoices.order_by("-period").first())
    item.save()
    return item


def saved_earlier_and_moved_in_mind(account, invoice):
    item = saved_earlier(account, invoice)
    item.invoice = invoice
    return item


def of_another_accounts_invoice(account, invoice):
    return unsaved(Invoice.objects.exclude(account=account).get(period=invoice.period))


def of_another_accounts_product(account, invoice):
    return unsaved(invoice, product=Product.objects.exclude(account=account).get())


STRAY = pytest.mark.parametrize(
    ("handler", "said"),
    [
        (saved_earlier, "which is on invoice"),
        (saved_earlier_and_moved_in_mind, "which is on invoice"),
        (of_another_accounts_invoice, "which is on invoice"),
        (of_another_accounts_product, "whose product is of account"),
    ],
)


@STRAY
def test_an_account_whose_bill_handler_returned_a_stray_item_is_not_billed(settings, handler, said):
    def bill_stray(account, invoice):
        return handler(account, invoice) if account.owner.username == "stray" else unsaved(invoice)

    declare(settings, product("PLAN", bill=bill_stray))
    with at("2026-09-10"):
        stray, other = an_owner("PLAN", name="stray"), an_owner("PLAN", card=GOOD_CARD)
        credit(stray, "1.00", 202612)
    with at("2026-10-01"):
        output = run_failing("dispatch_invoices")
    assert f"account {stray.genbilling_account.pk}: HandlerError: The 'bill' handler" in output
    assert said in output
    october = invoice_of(stray, 202610)
    assert (october.closed, amounts(october)) == (False, [Decimal("10.00")]), "as it was before"
    assert len(amounts(invoice_of(stray, 202612))) == 1
    assert invoice_of(other, 202610).paid


@STRAY
def test_a_bill_steps_handler_that_returns_a_stray_item_takes_everything_back(settings, handler, said):
    declare(
        settings,
        product("PLAN", bill_steps=lambda account, invoice, steps: handler(account, invoice)),
    )
    with at("2026-09-10"):
        user, _ = an_owner("PLAN"), an_owner("PLAN")
        credit(user, "1.00", 202612)
        with nothing_changes(), pytest.raises(HandlerError, match=said):
            add_step_to_product("PLAN", user)
