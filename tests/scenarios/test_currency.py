"""What amounts are in: rounded by it, compared with the merchant account's, kept with the invoice."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from genbilling import catalogue
from genbilling.exceptions import BadSetting, GatewayUnusable, InvoiceClosed
from genbilling.forms import ItemForm, RefundForm
from genbilling.interface import add_credit, refund_charge
from genbilling.models import Charge, Invoice
from genbilling.sandbox import connect
from genbilling.services.billing import currency
from tests.factories import (
    GOOD_CARD,
    amounts,
    an_owner,
    at,
    declare,
    invoice_of,
    product,
    run,
    run_failing,
)
from tests.scenarios.served import served

OF_REALS = "card_processor_brl"
ASKING = {"verb": "GET", "path": "/merchant_accounts*"}


@pytest.fixture
def in_yen(settings, tmp_path):
    """A gateway on this host whose one merchant account charges in yen."""
    with served(settings, tmp_path / "yen.sqlite3", accounts={"yen": "JPY"}) as sandbox:
        yield sandbox


def settings_of(settings, **options):
    settings.GENBILLING = {**settings.GENBILLING, **options}


def asked(braintree):
    return [seen for seen in braintree.sandbox.requests.list() if "/merchant_accounts" in seen.path]


@pytest.fixture
def due(plan):
    """An owner with a good card, who owes 20.00 on the first of October."""
    with at("2026-09-10"):
        return an_owner("PLAN", card=GOOD_CARD)


def october_of(user):
    return invoice_of(user, 202610)


# Yen


def test_a_prorated_month_in_yen_is_charged_in_whole_yen(in_yen, settings, db):
    declare(settings, product("PLAN", flat_rate="1000"), PRORATE_FIRST_PERIOD=True, CURRENCY="JPY")
    with at("2026-09-11"):
        user = an_owner("PLAN", card=GOOD_CARD)
        add_credit(user, "100.5", operator="anna", memo="Sorry")
    with at("2026-10-01"):
        assert "1 paid (1566)" in run("dispatch_invoices")
    october = october_of(user)
    assert amounts(october) == [667, -101, 1000]
    assert (october.currency, october.paying_charge.currency) == ("JPY", "JPY")
    assert october.paying_charge.request["amount"] == "1566"
    with at("2026-10-03"):
        in_yen.settle()
        refund = refund_charge(october.paying_charge, "66.4", operator="anna", memo="Sorry")
    assert (refund.state, refund.request["amount"]) == (Charge.State.PAID, "66")
    vendor = connect(in_yen)
    assert vendor.transaction.find(refund.transaction_id).amount == Decimal(66)


@pytest.mark.parametrize("key", ["flat_rate", "step_cost"])
def test_a_price_in_yen_has_no_decimals(settings, key):
    declare(settings, product("PLAN", **{key: "9.99"}), CURRENCY="JPY")
    with pytest.raises(
        BadSetting, match=rf"'PLAN': the key '{key}' is '9.99': .* decimal places: JPY has none"
    ):
        catalogue.declarations()


def test_a_declaration_that_was_read_is_read_again_in_another_currency(settings):
    declare(settings, product("PLAN", flat_rate="9.99"))
    assert catalogue.declaration("PLAN").flat_rate == Decimal("9.99")
    settings_of(settings, CURRENCY="JPY")
    with pytest.raises(BadSetting, match="JPY has none"):
        catalogue.declarations()


@pytest.mark.parametrize(("amount", "good"), [("100", True), ("100.5", False), ("0.5", False), ("0", False)])
@pytest.mark.parametrize(("form", "seen"), [(ItemForm, {"after": 0}), (RefundForm, {"refunded": "0.00"})])
def test_an_operator_types_whole_yen(settings, amount, good, form, seen):
    settings_of(settings, CURRENCY="JPY")
    assert form({"amount": amount, "memo": "Sorry", **seen}).is_valid() is good


# The merchant account's


def test_a_merchant_account_in_another_currency_charges_nobody_and_names_the_setting(in_yen, due):
    with at("2026-10-01"):
        said = run_failing("dispatch_invoices")
    assert "default merchant account charges in JPY, and GENBILLING[\"CURRENCY\"] is 'USD'" in said
    assert not october_of(due).closed, "it would keep the wrong currency"
    assert not Charge.objects.exists()


def test_the_merchant_account_that_is_named_is_the_one_that_is_asked(settings, braintree, due):
    settings_of(settings, MERCHANT_ACCOUNT_ID=OF_REALS)
    with at("2026-10-01"):
        said = run_failing("dispatch_invoices")
        assert f"merchant account '{OF_REALS}' charges in BRL" in said
        assert not Charge.objects.exists()
        settings_of(settings, CURRENCY="BRL")
        run("dispatch_invoices")
    assert october_of(due).currency == october_of(due).paying_charge.currency == "BRL"
    assert [sale.currency_iso_code for sale in braintree.charged_to(due)] == ["BRL"]


def test_a_payment_by_hand_is_not_sent_to_it_either(settings, braintree, due):
    with at("2026-10-01"), braintree.fault("decline", code="2001"):
        run("dispatch_invoices")
    settings_of(settings, MERCHANT_ACCOUNT_ID=OF_REALS)
    with at("2026-10-02"), pytest.raises(BadSetting, match="charges in BRL"):
        october_of(due).send_payment()
    assert Charge.objects.count() == 1


def test_it_is_asked_once_in_a_process_and_only_where_something_is_due(braintree, due):
    with at("2026-09-20"):
        run("dispatch_invoices")
        assert asked(braintree) == []
    for day in ("2026-10-01", "2026-11-01", "2026-12-01"):
        with at(day):
            run("dispatch_invoices")
    assert len(asked(braintree)) == 1
    assert len(braintree.charged_to(due)) == 3


@pytest.mark.parametrize("trouble", ["500", "timeout", "refuse"])
def test_an_account_that_cannot_be_asked_charges_nobody(braintree, due, trouble):
    effect = {"effect": "status", "status": 500} if trouble == "500" else {"effect": trouble}
    with at("2026-10-01"):
        with braintree.fault(**effect, **ASKING):
            assert "The run was stopped: Gateway" in run_failing("dispatch_invoices")
            assert october_of(due).closed, "closing needs no gateway"
            with pytest.raises(GatewayUnusable):
                october_of(due).send_payment()
        assert not Charge.objects.exists()
        run("dispatch_invoices")
    assert october_of(due).paid


def test_it_is_asked_again_where_the_rate_limit_refuses(braintree, due):
    with at("2026-10-01"), braintree.fault("status", status=429, times=3, **ASKING):
        run("dispatch_invoices")
    assert october_of(due).paid


@pytest.mark.parametrize("status", [403, 404])
def test_where_the_credentials_may_not_ask_the_sale_itself_tells(braintree, due, status):
    with at("2026-10-01"), braintree.fault("status", status=status, **ASKING):
        run("dispatch_invoices")
    assert october_of(due).paid


def test_an_account_that_may_not_be_asked_takes_another_currency_once(settings, braintree, plan):
    with at("2026-09-10"):
        owners = [an_owner("PLAN", card=GOOD_CARD) for _ in range(20)]
    settings_of(settings, MERCHANT_ACCOUNT_ID=OF_REALS)
    with at("2026-10-01"), braintree.fault("status", status=403, **ASKING):
        said = run_failing("dispatch_invoices", in_flight=1)
        assert "The run was stopped: The merchant account charges in another currency." in said
        taken = braintree.transactions()
        assert 1 <= len(taken) < len(owners)
        paid = Charge.objects.filter(state=Charge.State.PAID)
        assert sorted(paid.values_list("transaction_id", "currency")) == sorted(
            (one.id, "BRL") for one in taken
        )
        assert all(f"Transaction {one.id} took BRL, and the invoice is in USD" in said for one in taken)
        assert f"merchant account '{OF_REALS}' charges in BRL" in run_failing("dispatch_invoices")
    assert len(braintree.transactions()) == len(taken)


# The invoice's


def test_an_invoice_that_was_closed_in_another_currency_is_not_charged(settings, braintree, due):
    with at("2026-10-01"), braintree.fault("decline", code="2001"):
        run("dispatch_invoices")
    settings_of(settings, MERCHANT_ACCOUNT_ID=OF_REALS, CURRENCY="BRL")
    with at("2026-10-02"):
        assert '1 left alone (1 closed in another currency than GENBILLING["CURRENCY"])' in run(
            "dispatch_invoices"
        )
        assert october_of(due).send_payment(force=True) is None
    assert braintree.charged_to(due) == []


@pytest.mark.parametrize(
    ("kept", "total", "charged"),
    [("JPY", "667.00", True), ("", "667.00", True), ("", "666.67", False), ("USD", "667.00", False)],
)
def test_an_invoice_of_before_the_currency_was_kept_is_charged_where_its_total_can_be(
    settings, kept, total, charged
):
    settings_of(settings, CURRENCY="JPY")
    assert currency.is_ours(Invoice(currency=kept, total=Decimal(total))) is charged


def test_a_closed_invoice_keeps_its_currency(charge):
    invoice = charge.invoice
    with (
        pytest.raises(IntegrityError, match="is closed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE genbilling_invoice SET currency = 'EUR' WHERE id = %s", [invoice.pk])
    with pytest.raises(InvoiceClosed):
        Invoice.objects.filter(pk=invoice.pk).update(currency="EUR")
    invoice = Invoice.objects.get(pk=invoice.pk)
    invoice.currency = "EUR"
    with pytest.raises(InvoiceClosed, match="its currency does not change"):
        invoice.save()
