"""Product declarations: read and validated; and a product's own handlers at work."""

from contextlib import contextmanager
from decimal import Decimal

import pytest
from django.apps import apps

from genbilling import catalogue
from genbilling.exceptions import BadAmount, BadMoney, BadSetting, HandlerError, UnknownProduct
from genbilling.interface import (
    add_product_to_account,
    add_step_to_product,
    cancel_account,
    update_product_terms,
    use_product,
)
from genbilling.models import Invoice, InvoiceItem, Product, Step
from tests.factories import (
    GOOD_CARD,
    amounts,
    an_owner,
    at,
    declare,
    invoice_of,
    invoices_of,
    lines,
    product,
    run,
    run_failing,
    turn_the_month,
)

HERE = __name__
LIST = [product("LISTED")]
TUPLE = (product("IN_A_TUPLE"),)
NOT_A_LIST = product("ALONE")
NOT_CALLABLE = "neither a function nor the path of one"


def books():
    """Every row of genbilling's tables."""
    return {
        model.__name__: list(model.objects.order_by("pk").values())
        for model in apps.get_app_config("genbilling").get_models()
    }


@contextmanager
def nothing_changes():
    before = books()
    yield
    assert books() == before


# Reading


def test_the_documented_declarations_work_unchanged(settings):
    staff, messages = catalogue.declarations().values()
    assert (staff.name, staff.flat_rate, staff.initial_step, staff.step_cost, staff.step) == (
        "ANS_SERV_STAFF",
        Decimal("0.00"),
        0,
        Decimal("10.00"),
        1,
    )
    assert (staff.periodic, staff.trigger) == (False, None)
    assert (messages.name, messages.flat_rate, messages.periodic, messages.trigger) == (
        "MSG",
        Decimal("9.99"),
        True,
        200,
    )
    assert (messages.bill, messages.bill_steps, messages.use) == (None, None, None)
    assert list(catalogue.problems()) == []


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ([], []),
        ([product("B"), product("A")], ["B", "A"]),
        ((product("A"),), ["A"]),
        (f"{HERE}.LIST", ["LISTED"]),
        (f"{HERE}.TUPLE", ["IN_A_TUPLE"]),
    ],
)
def test_products_are_a_list_or_the_dotted_path_of_one(settings, given, names):
    settings.GENBILLING = {"PRODUCTS": given}
    assert list(catalogue.declarations()) == names


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        (f"{HERE}.NO_LIST", "cannot be imported"),
        ("no_module.PRODUCTS", "cannot be imported: No module named 'no_module'"),
        ("PRODUCTS", "cannot be imported"),
        ("", "cannot be imported"),
        (f"{HERE}.NOT_A_LIST", "is not a list of product dicts"),
        (f"{HERE}.books", "is not a list of product dicts"),
        (f"{HERE}.NOT_CALLABLE", "is not a list of product dicts"),
    ],
)
def test_a_path_that_leads_to_no_list_is_an_error_that_names_it(settings, path, problem):
    settings.GENBILLING = {"PRODUCTS": path}
    with pytest.raises(BadSetting, match=problem) as caught:
        catalogue.declarations()
    assert repr(path) in str(caught.value)
    assert list(catalogue.problems()) == [str(caught.value)]


def test_a_changed_declaration_is_seen_at_the_next_look(settings):
    declare(settings, product("PLAN"))
    declared = settings.GENBILLING["PRODUCTS"]
    assert catalogue.declaration("PLAN").flat_rate == Decimal("10.00")
    declared[0]["flat_rate"] = "11.00"
    assert catalogue.declaration("PLAN").flat_rate == Decimal("11.00")
    declared[0]["flat_rate"] = 11.00
    with pytest.raises(BadSetting):
        catalogue.declaration("PLAN")


@pytest.mark.parametrize("name", ["NOPE", "", None, 7, ["PLAN"]])
def test_a_name_that_is_not_declared_is_unknown(settings, name):
    declare(settings, product("PLAN"))
    with pytest.raises(UnknownProduct, match="declared: PLAN"):
        catalogue.declaration(name)


# Validating

GOOD = [
    ("flat_rate", "0"),
    ("flat_rate", "9.9"),
    ("flat_rate", "9.990"),
    ("flat_rate", Decimal("9.99")),
    ("flat_rate", "9999999999.99"),
    ("step_cost", "0.01"),
    ("step_cost", Decimal(5)),
    ("initial_step", 0),
    ("initial_step", 2**31 - 1),
    ("step", 1),
    ("trigger", None),
    ("trigger", 0),
    ("periodic", True),
    ("description", "x" * 200),
    ("name", "x" * 100),
    ("name", "Größe M"),
    ("use", None),
    ("use", print),
    ("bill", "builtins.print"),
]
A_PRICE = 'a Decimal or a decimal string such as "9.99"'
NOT_MONEY = "must be an amount of money"
TWO_PLACES = "must not have more than two decimal places"
BAD_PRICES = [
    (9.99, A_PRICE),
    (0.0, A_PRICE),
    (10, A_PRICE),
    (True, A_PRICE),
    (None, A_PRICE),
    (["9.99"], A_PRICE),
    ("-0.01", "must not be negative"),
    (Decimal("-5"), "must not be negative"),
    ("9.999", TWO_PLACES),
    (Decimal("0.001"), TWO_PLACES),
    ("NaN", NOT_MONEY),
    ("sNaN", NOT_MONEY),
    ("Infinity", NOT_MONEY),
    ("-Infinity", NOT_MONEY),
    (Decimal("NaN"), NOT_MONEY),
    (Decimal("Infinity"), NOT_MONEY),
    ("", NOT_MONEY),
    ("free", NOT_MONEY),
    ("9,99", NOT_MONEY),
    ("$9.99", NOT_MONEY),
    ("9.99 USD", NOT_MONEY),
    ("10000000000", NOT_MONEY),
    ("1e100", NOT_MONEY),
]
BAD = [
    *((key, value, problem) for key in ("flat_rate", "step_cost") for value, problem in BAD_PRICES),
    *(("initial_step", value, "a whole number from 0") for value in (-1, 1.0, "100", True, None, 2**31)),
    *(("step", value, "a whole number from 1") for value in (0, -1, 1.5, "1", True, None, 2**31)),
    *(("trigger", value, "a whole number from 0") for value in (-1, 0.5, "200", False, 2**31)),
    *(("periodic", value, "True or False") for value in (None, 0, 1, "True", "monthly")),
    *(("name", value, "a string of 1 to 100") for value in ("", " ", None, 7, b"PLAN", "x" * 101)),
    *(("description", value, "a string of 1 to 200") for value in ("", "\t", None, 7, "x" * 201)),
]
BAD_HANDLERS = [
    (f"{HERE}.no_such_handler", "cannot be imported"),
    ("no_module.handler", "cannot be imported"),
    ("handler", "cannot be imported"),
    ("", "cannot be imported"),
    (f"{HERE}.NOT_CALLABLE", "must be a callable or the dotted path of one"),
    (7, "must be a callable or the dotted path of one"),
    ([print], "must be a callable or the dotted path of one"),
    (True, "must be a callable or the dotted path of one"),
]
BAD += [(key, value, problem) for key in ("bill", "bill_steps", "use") for value, problem in BAD_HANDLERS]


@pytest.mark.parametrize(("key", "value"), GOOD)
def test_a_good_value_is_accepted(settings, key, value):
    declare(settings, product("PLAN") | {key: value})
    assert list(catalogue.problems()) == []
    assert len(catalogue.declarations()) == 1


@pytest.mark.parametrize(("key", "value", "problem"), BAD)
def test_a_wrong_value_is_an_error_that_names_the_product_and_the_key(settings, key, value, problem):
    declare(settings, product("GOOD"), product("PLAN") | {key: value})
    [said] = catalogue.problems()
    assert f"the key {key!r} is {value!r}" in said
    assert problem in said
    assert said.startswith("Product number 2" if key == "name" and not value else "Product ")
    assert key == "name" or "'PLAN'" in said
    with pytest.raises(BadSetting) as caught:
        catalogue.declarations()
    assert str(caught.value) == said


@pytest.mark.parametrize("key", ["name", "description", "flat_rate", "initial_step", "step_cost", "step"])
def test_a_missing_key_is_named(settings, key):
    entry = product("PLAN")
    del entry[key]
    declare(settings, entry)
    [said] = catalogue.problems()
    where = "Product number 1" if key == "name" else "Product 'PLAN'"
    assert said == f"{where}: the key {key!r} is missing."


@pytest.mark.parametrize("key", ["flatrate", "Step", "price", "use_handler", 7, None])
def test_an_unknown_key_is_named_with_those_that_there_are(settings, key):
    declare(settings, product("PLAN") | {key: "1.00"})
    [said] = catalogue.problems()
    assert f"Product 'PLAN': the key {key!r} is unknown; the keys are name, description" in said


def test_a_misspelt_key_is_both_unknown_and_missing(settings):
    entry = product("PLAN")
    entry["flat_rates"] = entry.pop("flat_rate")
    declare(settings, entry)
    missing, unknown = catalogue.problems()
    assert "'flat_rate' is missing" in missing
    assert "'flat_rates' is unknown" in unknown


def test_a_name_is_declared_once(settings):
    declare(settings, product("PLAN"), product("OTHER"), product("PLAN"), product("PLAN"))
    assert (
        list(catalogue.problems()) == ["Product 'PLAN': the key 'name' is a duplicate; names are unique."] * 2
    )
    with pytest.raises(BadSetting, match="duplicate"):
        catalogue.declarations()


@pytest.mark.parametrize("entry", [None, "PLAN", 7, [], ("name", "PLAN")])
def test_an_entry_must_be_a_dict(settings, entry):
    declare(settings, product("PLAN"), entry)
    assert list(catalogue.problems()) == [f'GENBILLING["PRODUCTS"]: entry 2 is {entry!r}, not a dict.']


def test_everything_that_is_wrong_is_told_at_once(settings):
    declare(settings, product("A", step=0, flat_rate=1.0), product("B", initial_step=-1), 7)
    assert len(list(catalogue.problems())) == 4


@pytest.mark.django_db
def test_a_wrong_declaration_stops_every_use_of_products_before_anything_is_written(settings):
    declare(settings, product("PLAN"))
    user = an_owner("PLAN")
    declare(settings, product("PLAN"), product("BROKEN", flat_rate=9.99))
    with nothing_changes():
        for verb in (add_product_to_account, update_product_terms, use_product, add_step_to_product):
            with pytest.raises(BadSetting, match="'BROKEN': the key 'flat_rate'"):
                verb("PLAN", user)


# Handlers

calls = []


@pytest.fixture(autouse=True)
def no_calls_yet():
    calls.clear()


def bill(account, invoice):
    """The month's rate, and a fee for every unit used, by the documented means."""
    calls.append((account, invoice))
    held = account.get_product_by_name("PLAN")
    InvoiceItem(invoice=invoice, product=held, description="Rate", amount=held.flat_rate).save()
    item = InvoiceItem(invoice=invoice, product=held, description="Units", amount=held.used * Decimal("0.10"))
    item.save()
    return item


def bill_nothing(account, invoice):
    return None


def bill_steps(account, invoice, steps):
    """Ten percent off from two steps."""
    calls.append((account, invoice, steps))
    held = account.get_product_by_name("PLAN")
    cost = held.step_cost * steps * (Decimal("0.9") if steps > 1 else 1)
    item = InvoiceItem(invoice=invoice, product=held, description=f"{steps * held.step} more", amount=cost)
    item.save()
    return item


def use(account, amount=1):
    """Everything costs double."""
    calls.append((account, amount))
    return account.get_product_by_name("PLAN").spend_amount(amount * 2)


def as_callable(handler):
    return handler


def as_path(handler):
    return f"{HERE}.{handler.__name__}"


given = pytest.mark.parametrize("given", [as_callable, as_path])


@given
@pytest.mark.django_db
def test_a_use_handler_consumes_in_place_of_the_default(settings, given):
    declare(settings, product("PLAN", use=given(use)))
    user = an_owner("PLAN")
    assert use_product("PLAN", user) == 98
    assert use_product("PLAN", user, 40) == 18
    assert use_product("PLAN", user, 10) is False
    assert calls == [(user.genbilling_account, amount) for amount in (1, 40, 10)]
    assert Product.objects.get().used == 82


@given
@pytest.mark.django_db
def test_a_bill_steps_handler_bills_the_steps_just_bought(settings, given):
    declare(settings, product("PLAN", bill_steps=given(bill_steps)))
    with at("2026-09-10"):
        user = an_owner("PLAN")
        assert add_step_to_product("PLAN", user, 2) == 200
    october = invoice_of(user, 202610)
    assert calls == [(user.genbilling_account, october, 2)]
    assert lines(october)[1:] == [("100 more", Decimal("9.00"))]
    assert Step.objects.get().item == october.related_items.last()


@given
@pytest.mark.django_db
def test_a_bill_handler_adds_the_months_items_at_dispatch_only(settings, given):
    declare(settings, product("PLAN", bill=given(bill)))
    with at("2026-09-10"):
        user = an_owner("PLAN", card=GOOD_CARD)
        use_product("PLAN", user, 30)
        assert calls == [], "the first month is charged when it is added"
    with at("2026-10-01"):
        run("dispatch_invoices")
    october = invoice_of(user, 202610)
    assert calls == [(user.genbilling_account, october)]
    assert lines(october)[1:] == [("Rate", Decimal("10.00")), ("Units", Decimal("3.00"))]
    assert october.total == Decimal("23.00")
    assert october.paid


@pytest.mark.django_db
def test_a_bill_handler_may_add_nothing(settings):
    declare(settings, product("PLAN", bill=bill_nothing))
    with at("2026-09-10"):
        user = an_owner("PLAN")
    with at("2026-10-01"):
        run("dispatch_invoices")
        run("dispatch_invoices")
    assert amounts(invoice_of(user, 202610)) == [Decimal("10.00")]


@pytest.mark.django_db
def test_a_bill_handler_sees_the_terms_of_the_month_that_it_bills(settings):
    declare(settings, product("PLAN", bill=bill))
    with at("2026-08-10"):
        user = an_owner("PLAN")
    declare(settings, product("PLAN", bill=bill, flat_rate="12.00"))
    with at("2026-09-10"):
        update_product_terms("PLAN", user)
    with at("2026-11-01"):
        run("dispatch_invoices")
    rates = [
        item.amount
        for invoice in invoices_of(user)
        for item in invoice.related_items.filter(description="Rate")
    ]
    assert rates == [Decimal("10.00"), Decimal("12.00"), Decimal("12.00")]


@pytest.mark.django_db
def test_a_bill_handler_is_called_once_more_for_a_product_that_was_removed(settings):
    declare(settings, product("PLAN", bill=bill))
    with at("2026-09-10"):
        user = an_owner("PLAN")
    with at("2026-10-15"):
        cancel_account(user)
    with at("2026-12-01"):
        run("dispatch_invoices")
    assert [invoice.period for account, invoice in calls] == [202610]


@pytest.mark.parametrize(("returned", "left"), [(0, 0), (7, 7), (-3, 0)])
@pytest.mark.django_db
def test_any_int_of_a_use_handler_is_true_for_the_caller(settings, returned, left):
    declare(settings, product("PLAN", use=lambda account, amount=1: returned))
    answer = use_product("PLAN", an_owner("PLAN"))
    assert answer
    assert answer == left
    assert answer is not False


@pytest.mark.django_db
def test_only_the_literal_false_of_a_use_handler_is_a_refusal(settings):
    declare(settings, product("PLAN", use=lambda account, amount=1: False))
    assert use_product("PLAN", an_owner("PLAN")) is False


@pytest.mark.django_db
def test_a_use_handler_is_not_asked_where_there_is_nothing_to_use(settings):
    declare(settings, product("PLAN", use=use), product("OTHER"))
    without, cancelled = an_owner("OTHER"), an_owner("PLAN")
    cancel_account(cancelled)
    assert use_product("PLAN", without) is False
    assert use_product("PLAN", cancelled) is False
    with pytest.raises(BadAmount):
        use_product("PLAN", cancelled, 0)
    assert calls == []


@pytest.mark.parametrize("returned", [None, True, "5", 5.0, Decimal(5)])
@pytest.mark.django_db
def test_a_use_handler_that_returns_anything_else_is_an_error(settings, returned):
    declare(settings, product("PLAN", use=lambda account, amount=1: returned))
    user = an_owner("PLAN")
    with (
        nothing_changes(),
        pytest.raises(HandlerError, match="'use' handler of product 'PLAN' returned") as caught,
    ):
        use_product("PLAN", user)
    assert repr(returned) in str(caught.value)


@pytest.mark.parametrize("returned", [True, False, "item", Decimal(5), 5])
@pytest.mark.django_db
def test_a_bill_steps_handler_that_returns_anything_else_takes_everything_back(settings, returned):
    def handler(account, invoice, steps):
        bill_steps(account, invoice, steps)
        return returned

    declare(settings, product("PLAN", bill_steps=handler))
    user = an_owner("PLAN")
    with nothing_changes(), pytest.raises(HandlerError, match="'bill_steps' handler of product 'PLAN'"):
        add_step_to_product("PLAN", user)


@pytest.mark.django_db
def test_a_bill_steps_handler_that_raises_takes_everything_back(settings):
    def handler(account, invoice, steps):
        bill_steps(account, invoice, steps)
        raise RuntimeError("the price list is down")

    declare(settings, product("PLAN", bill_steps=handler))
    user = an_owner("PLAN")
    with nothing_changes(), pytest.raises(RuntimeError, match="price list"):
        add_step_to_product("PLAN", user)


@pytest.mark.django_db
def test_a_bill_steps_handler_may_give_steps_away(settings):
    declare(settings, product("PLAN", bill_steps=lambda account, invoice, steps: None))
    with at("2026-09-10"):
        user = an_owner("PLAN")
        assert add_step_to_product("PLAN", user) == 150
    with at("2026-10-01"):
        turn_the_month()
        assert use_product("PLAN", user) == 99
    assert amounts(invoice_of(user, 202610)) == [Decimal("10.00"), Decimal("10.00")]


@pytest.mark.parametrize("amount", [9.99, "NaN", "ten", "1e12"])
@pytest.mark.django_db
def test_an_item_takes_no_amount_that_is_not_money(settings, amount):
    declare(settings, product("PLAN"))
    user = an_owner("PLAN")
    invoice = Invoice.objects.get(account=user.genbilling_account)
    with nothing_changes(), pytest.raises(BadMoney):
        InvoiceItem(invoice=invoice, description="Fee", amount=amount).save()


def bill_badly(account, invoice):
    bill(account, invoice)
    if account.owner.username == "broken":
        raise RuntimeError("the price list is down")


def bill_wrong_type(account, invoice):
    return bill(account, invoice) if account.owner.username != "broken" else "an item"


@pytest.mark.parametrize(
    ("handler", "said"),
    [
        (bill_badly, "RuntimeError: the price list is down"),
        (bill_wrong_type, "HandlerError: The 'bill' handler of product 'PLAN' returned 'an item'"),
    ],
)
@pytest.mark.django_db
def test_a_bill_handler_that_fails_stops_no_other_account_and_the_next_run_completes_it(
    settings, handler, said
):
    declare(settings, product("PLAN", bill=handler))
    with at("2026-09-10"):
        before, broken, after = (
            an_owner("PLAN", card=GOOD_CARD, name=name) for name in (None, "broken", None)
        )
    with at("2026-10-01"):
        output = run_failing("dispatch_invoices")
        assert f"account {broken.genbilling_account.pk}: {said}" in output
        assert "1 errors" in output
        assert [invoice_of(user, 202610).paid for user in (before, broken, after)] == [True, False, True]
        october = invoice_of(broken, 202610)
        assert (october.closed, amounts(october)) == (False, [Decimal("10.00")]), "as it was before"
        declare(settings, product("PLAN", bill=bill))
        run("dispatch_invoices")
    assert [invoice_of(user, 202610).paid for user in (before, broken, after)] == [True, True, True]
    assert invoice_of(broken, 202610).related_items.filter(description="Rate").count() == 1
