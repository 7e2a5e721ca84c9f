"""What host projects call: bad input changes nothing; capacity, alerts and terms come out right."""

from contextlib import contextmanager
from decimal import Decimal

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import ProtectedError
from django.utils.functional import SimpleLazyObject

from genbilling.exceptions import (
    AlreadyInAccount,
    BadAmount,
    BadMoney,
    GenbillingError,
    NoAccount,
    NotInGoodStanding,
    ProductNotHeld,
    UnknownProduct,
)
from genbilling.interface import (
    activate_account,
    add_product_to_account,
    add_step_to_product,
    add_user_account,
    cancel_account,
    expire_account,
    new_account,
    remove_card,
    remove_product_from_account,
    remove_user_account,
    restore_product,
    save_card,
    update_product_terms,
    use_product,
)
from genbilling.models import Account, AccountUser, FormerTerms, Invoice, InvoiceItem, Product
from genbilling.signals import low_capacity
from tests.factories import (
    GOOD_CARD,
    a_user,
    amounts,
    an_owner,
    at,
    declare,
    hearing,
    invoice_of,
    product,
    run,
    turn_the_month,
)

pytestmark = pytest.mark.django_db

BY_NAME = [
    add_product_to_account,
    remove_product_from_account,
    update_product_terms,
    use_product,
    restore_product,
    add_step_to_product,
]
WITH_AN_AMOUNT = [use_product, restore_product, add_step_to_product]
FOR_OWNERS = [
    activate_account,
    cancel_account,
    remove_card,
    lambda user: save_card(user, GOOD_CARD),
    lambda user: add_user_account(a_user(), user),
    lambda user: remove_user_account(a_user(), user),
]
OWNERS_VERBS = [
    "activate_account",
    "cancel_account",
    "remove_card",
    "save_card",
    "add_user_account",
    "remove_user_account",
]
NOT_AMOUNTS = [0, -1, 1.5, 1.0, True, False, "1", "", None, Decimal("1"), float("nan"), 2**31, 10**30]


@pytest.fixture(autouse=True)
def plan(settings):
    declare(settings, product("PLAN"), product("OTHER"))


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


def a_child_of(owner):
    user = a_user()
    add_user_account(user, owner)
    return user


# Names


@pytest.mark.parametrize("verb", BY_NAME)
@pytest.mark.parametrize("name", ["NOPE", "plan", "", " PLAN", "x" * 1000, None])
def test_an_unknown_product_is_an_error_that_names_it_and_those_that_are_declared(verb, name):
    user = an_owner("PLAN")
    with nothing_changes(), pytest.raises(UnknownProduct, match="declared: PLAN, OTHER") as caught:
        verb(name, user)
    assert repr(name) in str(caught.value)


def test_with_no_products_declared_the_error_says_so(settings):
    user = an_owner()
    declare(settings)
    with pytest.raises(UnknownProduct, match="declared: none"):
        add_product_to_account("PLAN", user)


@pytest.mark.parametrize("verb", [remove_product_from_account, update_product_terms])
def test_a_product_that_the_account_does_not_have_cannot_be_ended_or_moved(verb):
    user = an_owner("PLAN")
    with nothing_changes(), pytest.raises(ProductNotHeld, match=r"'OTHER': add_product_to_account\(\)"):
        verb("OTHER", user)


@pytest.mark.parametrize("verb", WITH_AN_AMOUNT)
def test_a_product_that_the_account_does_not_have_is_refused_to_consumers(verb):
    user = an_owner("PLAN")
    with nothing_changes():
        assert verb("OTHER", user) is False


def test_get_product_by_name_of_a_product_not_held_says_what_to_do():
    account = an_owner("PLAN").genbilling_account
    with pytest.raises(ProductNotHeld, match=r"'OTHER': add_product_to_account\(\) adds it"):
        account.get_product_by_name("OTHER")


# Users


@pytest.mark.parametrize("verb", BY_NAME)
@pytest.mark.parametrize(
    "who",
    [a_user, AnonymousUser, lambda: get_user_model()(username="unsaved")],
    ids=["without an account", "anonymous", "unsaved"],
)
def test_a_user_without_an_account_has_no_products(verb, who):
    user = who()
    none = r"new_account\(\) makes one|not a saved user"
    with nothing_changes(), pytest.raises(NoAccount, match=none) as caught:
        verb("PLAN", user)
    assert str(user) in str(caught.value)


@pytest.mark.parametrize("verb", FOR_OWNERS, ids=OWNERS_VERBS)
@pytest.mark.parametrize(
    "who",
    [a_user, lambda: a_child_of(an_owner("PLAN")), AnonymousUser],
    ids=["without an account", "child user", "anonymous"],
)
def test_what_only_owners_do_is_refused_to_others(verb, who):
    user = who()
    with nothing_changes(), pytest.raises(NoAccount, match=r"owns no account|not a saved user"):
        verb(user)


def test_a_second_account_of_the_same_user_is_refused():
    user = an_owner("PLAN")
    with nothing_changes(), pytest.raises(AlreadyInAccount, match="one at most"):
        new_account(user)


def test_a_second_account_is_refused_to_a_cancelled_owner_with_the_way_back():
    user = an_owner("PLAN")
    cancel_account(user)
    with nothing_changes(), pytest.raises(AlreadyInAccount, match=r"activate_account\(\)"):
        new_account(user, trial=True)


def test_a_child_user_gets_no_account_and_no_second_place():
    child = a_child_of(an_owner())
    other = an_owner()
    with nothing_changes():
        for verb in (lambda: new_account(child), lambda: add_user_account(child, other)):
            with pytest.raises(AlreadyInAccount, match=str(child)):
                verb()


def test_an_owner_is_not_put_under_another_account_nor_under_the_own_one():
    owner, other = an_owner(), an_owner()
    with nothing_changes():
        for parent in (owner, other):
            with pytest.raises(AlreadyInAccount):
                add_user_account(owner, parent)


def test_only_a_child_user_of_that_account_is_removed():
    owner, stranger = an_owner(), a_user()
    child_of_another = a_child_of(an_owner())
    with nothing_changes():
        for user in (stranger, child_of_another):
            with pytest.raises(NoAccount, match="no child user"):
                remove_user_account(user, owner)
        with pytest.raises(NoAccount, match=r"transfer_account\(\) hands it over"):
            remove_user_account(owner, owner)


def test_a_child_user_that_was_removed_may_have_an_account():
    owner = an_owner("PLAN")
    child = a_child_of(owner)
    assert remove_user_account(child, owner) == owner.genbilling_account
    with pytest.raises(NoAccount):
        use_product("PLAN", child)
    assert new_account(child).owner == child


def test_what_a_child_user_consumes_and_buys_is_the_accounts():
    owner = an_owner("PLAN")
    child = a_child_of(owner)
    assert use_product("PLAN", child, 30) == 70
    assert use_product("PLAN", owner, 30) == 40
    assert add_step_to_product("PLAN", child) == 90
    assert add_product_to_account("OTHER", child).account == owner.genbilling_account


def test_deleting_a_user_who_owns_an_account_is_refused():
    user = an_owner("PLAN")
    with nothing_changes(), pytest.raises(ProtectedError):
        user.delete()
    assert get_user_model().objects.filter(pk=user.pk).exists()


def test_deleting_a_child_user_takes_the_place_along_and_nothing_else():
    owner = an_owner("PLAN")
    child = a_child_of(owner)
    child.delete()
    assert [place.user for place in AccountUser.objects.all()] == [owner]
    assert use_product("PLAN", owner) == 99


def test_the_lazy_user_of_a_request_is_as_good_as_any():
    user = a_user()
    lazy = SimpleLazyObject(lambda: user)
    new_account(lazy)
    add_product_to_account("PLAN", lazy)
    assert use_product("PLAN", lazy) == 99


# Amounts


@pytest.mark.parametrize("verb", WITH_AN_AMOUNT)
@pytest.mark.parametrize("amount", NOT_AMOUNTS)
def test_an_amount_is_a_whole_number_from_1(verb, amount):
    user = an_owner("PLAN")
    use_product("PLAN", user, 10)
    with nothing_changes(), pytest.raises(BadAmount, match="whole number from 1 to 2147483647") as caught:
        verb("PLAN", user, amount)
    assert repr(amount) in str(caught.value)


@pytest.mark.parametrize("amount", NOT_AMOUNTS)
def test_spend_amount_takes_no_other_amounts_either(amount):
    held = an_owner("PLAN").genbilling_account.get_product_by_name("PLAN")
    with nothing_changes(), pytest.raises(BadAmount):
        held.spend_amount(amount)


@pytest.mark.parametrize("amount", [101, 2**31 - 1])
def test_more_than_there_is_is_refused_as_a_whole(amount):
    user = an_owner("PLAN")
    with nothing_changes():
        assert use_product("PLAN", user, amount) is False
        assert user.genbilling_account.get_product_by_name("PLAN").spend_amount(amount) is False


def test_steps_that_cost_more_than_the_books_hold_are_refused(settings):
    declare(settings, product("PLAN", step_cost="9999999999.99"))
    user = an_owner("PLAN")
    with nothing_changes(), pytest.raises(BadMoney, match="10,000,000,000"):
        add_step_to_product("PLAN", user, 2)
    assert add_step_to_product("PLAN", user, 1) == 150


# Standing


@pytest.mark.parametrize("end", [cancel_account, expire_account])
def test_an_account_that_ended_takes_no_product_and_gives_none(end):
    user = an_owner("PLAN")
    end(user)
    with nothing_changes():
        with pytest.raises(NotInGoodStanding, match=r"activate_account\(\) comes first"):
            add_product_to_account("OTHER", user)
        assert [verb("PLAN", user) for verb in WITH_AN_AMOUNT] == [False, False, False]


@pytest.mark.parametrize(
    ("status", "access", "billable"),
    [
        ("trial", True, False),
        ("active", True, True),
        ("grace", True, True),
        ("expired", False, False),
        ("cancelled", False, False),
    ],
)
def test_what_each_status_stands_for(status, access, billable):
    user = an_owner("PLAN")
    Account.objects.update(status=status)
    account = Account.objects.get()
    assert (account.access_granted(), account.billable()) == (access, billable)
    assert (use_product("PLAN", user) is not False) == access


def test_whatever_the_interface_raises_can_be_caught_as_one():
    user, stranger = an_owner("PLAN"), a_user()
    for call in (
        lambda: add_product_to_account("NOPE", user),
        lambda: use_product("PLAN", user, 0),
        lambda: use_product("PLAN", stranger),
        lambda: new_account(user),
        lambda: remove_product_from_account("OTHER", user),
        lambda: remove_card(user),
    ):
        with pytest.raises(GenbillingError) as caught:
            call()
        assert caught.type is not GenbillingError


# Remaining capacity


def test_the_last_unit_is_not_taken_for_a_refusal():
    user = an_owner("PLAN")
    left = use_product("PLAN", user, 100)
    assert left
    assert isinstance(left, int)
    assert left == 0
    assert left is not False
    assert use_product("PLAN", user) is False
    assert user.genbilling_account.get_product_by_name("PLAN").remaining, "0, and yet true"


def test_units_given_back_never_make_more_than_there_were():
    user = an_owner("PLAN")
    use_product("PLAN", user, 30)
    assert restore_product("PLAN", user, 10) == 80
    assert restore_product("PLAN", user, 2**31 - 1) == 100
    assert restore_product("PLAN", user) == 100
    assert Product.objects.get().used == 0


def test_what_comes_back_of_units_over_the_capacity_is_still_none(settings):
    with at("2026-09-10"):
        user = an_owner("PLAN")
        add_step_to_product("PLAN", user)
        use_product("PLAN", user, 150)
    with at("2026-10-01"):
        turn_the_month()
        left = restore_product("PLAN", user, 10)
        assert left
        assert left == 0
        assert restore_product("PLAN", user, 41) == 1


# The alert


@pytest.fixture
def alerting(settings):
    declare(settings, product("PLAN", initial_step=100, trigger=20))
    return an_owner("PLAN")


@pytest.mark.parametrize(
    ("uses", "alerts"),
    [
        ([80], []),
        ([81], [19]),
        ([80, 1], [19]),
        ([100], [0]),
        ([79, 21], [0]),
        ([90, 1, 5], [10]),
        ([81, 100], [19]),
        ([10, 20, 30], []),
    ],
)
def test_an_alert_goes_out_when_usage_crosses_below_the_trigger(
    alerting, uses, alerts, django_capture_on_commit_callbacks
):
    with hearing() as heard:
        for amount in uses:
            with django_capture_on_commit_callbacks(execute=True):
                use_product("PLAN", alerting, amount)
    said = heard.named("low_capacity")
    assert [alert["remaining"] for alert in said] == alerts
    assert all(alert["owner"] == alerting and alert["product"].name == "PLAN" for alert in said)


def test_an_alert_goes_out_again_when_usage_crosses_again(alerting, django_capture_on_commit_callbacks):
    with hearing() as heard:
        for verb, amount in ((use_product, 85), (restore_product, 10), (use_product, 10)):
            with django_capture_on_commit_callbacks(execute=True):
                verb("PLAN", alerting, amount)
    assert [alert["remaining"] for alert in heard.named("low_capacity")] == [15, 15]


def test_the_owner_is_alerted_of_what_a_child_user_consumed(alerting, django_capture_on_commit_callbacks):
    child = a_child_of(alerting)
    with hearing() as heard, django_capture_on_commit_callbacks(execute=True):
        use_product("PLAN", child, 90)
    assert [alert["owner"] for alert in heard.named("low_capacity")] == [alerting]


@pytest.mark.parametrize("trigger", [0, None])
def test_a_product_without_a_mark_to_go_below_alerts_nobody(
    settings, trigger, django_capture_on_commit_callbacks
):
    declare(settings, product("PLAN", trigger=trigger))
    user = an_owner("PLAN")
    with hearing() as heard, django_capture_on_commit_callbacks(execute=True):
        use_product("PLAN", user, 100)
    assert heard == []


@pytest.mark.django_db(transaction=True)
def test_an_alert_waits_for_the_commit_and_a_rollback_leaves_no_trace(alerting):
    with hearing() as heard:
        with transaction.atomic():
            use_product("PLAN", alerting, 90)
            transaction.set_rollback(True)
        assert heard == []
        assert Product.objects.get().used == 0
        with transaction.atomic():
            use_product("PLAN", alerting, 90)
            assert heard == [], "not before the commit"
        assert [alert["remaining"] for alert in heard.named("low_capacity")] == [10]


@pytest.mark.django_db(transaction=True)
def test_a_receiver_of_the_alert_that_raises_stops_nothing(alerting):
    def receiver(**kwargs):
        raise RuntimeError("the mail server is down")

    low_capacity.connect(receiver)
    try:
        assert use_product("PLAN", alerting, 90) == 10
    finally:
        low_capacity.disconnect(receiver)
    assert Product.objects.get().used == 90


# Terms


@pytest.fixture
def october_owner():
    """An owner of PLAN since September; October has turned."""
    with at("2026-09-10"):
        user = an_owner("PLAN", card=GOOD_CARD)
    with at("2026-10-01"):
        turn_the_month()
    return user


NEW = {"flat_rate": "12.00", "initial_step": 300, "step_cost": "7.00", "step": 70}


def test_a_price_change_in_the_declaration_changes_nothing_for_those_who_have_the_product(
    october_owner, settings
):
    declare(settings, product("PLAN", **NEW))
    with at("2026-10-20"):
        assert add_step_to_product("PLAN", october_owner) == 150
    with at("2026-11-01"):
        turn_the_month()
        assert use_product("PLAN", october_owner) == 99
    assert amounts(invoice_of(october_owner, 202611)) == [Decimal("5.00"), Decimal("10.00")]


def test_updated_terms_are_todays_and_hold_from_the_next_period_on(october_owner, settings):
    declare(settings, product("PLAN", **NEW))
    with at("2026-10-20"):
        moved = update_product_terms("PLAN", october_owner)
        assert (moved.flat_rate, moved.initial_step, moved.step_cost, moved.step) == (
            Decimal("12.00"),
            300,
            Decimal("7.00"),
            70,
        )
        assert add_step_to_product("PLAN", october_owner) == 150, "this period's step"
        assert october_owner.genbilling_account.get_product_by_name("PLAN").flat_rate == Decimal("10.00")
    with at("2026-11-01"):
        turn_the_month()
        assert use_product("PLAN", october_owner) == 299, "the capacity moves when it is reset"
        assert add_step_to_product("PLAN", october_owner) == 369
    assert amounts(invoice_of(october_owner, 202611)) == [Decimal("5.00"), Decimal("12.00")]
    assert amounts(invoice_of(october_owner, 202612)) == [Decimal("7.00")]


def test_a_late_dispatch_bills_the_month_of_the_update_at_the_old_rate(settings):
    with at("2026-09-10"):
        user = an_owner("PLAN")
    declare(settings, product("PLAN", **NEW))
    with at("2026-10-20"):
        update_product_terms("PLAN", user)
    with at("2026-12-05"):
        run("dispatch_invoices")
    assert amounts(invoice_of(user, 202610)) == [Decimal("10.00"), Decimal("10.00")]
    assert amounts(invoice_of(user, 202611)) == [Decimal("12.00")]


def test_of_two_updates_in_one_period_the_last_one_holds(october_owner, settings):
    with at("2026-10-20"):
        for rate in ("11.00", "12.00"):
            declare(settings, product("PLAN", flat_rate=rate))
            update_product_terms("PLAN", october_owner)
    assert FormerTerms.objects.get().flat_rate == Decimal("10.00")
    with at("2026-11-01"):
        turn_the_month()
    assert amounts(invoice_of(october_owner, 202611)) == [Decimal("12.00")]


def test_an_update_that_is_taken_back_in_the_same_period_changes_nothing(october_owner, settings):
    with at("2026-10-20"):
        for rate in ("11.00", "10.00"):
            declare(settings, product("PLAN", flat_rate=rate))
            update_product_terms("PLAN", october_owner)
    with at("2026-11-01"):
        turn_the_month()
    assert amounts(invoice_of(october_owner, 202611)) == [Decimal("10.00")]


def test_updates_in_several_periods_are_billed_each_in_its_own(settings):
    with at("2026-08-10"):
        user = an_owner("PLAN")
    for day, rate in (("2026-09-10", "11.00"), ("2026-10-10", "12.00")):
        declare(settings, product("PLAN", flat_rate=rate))
        with at(day):
            update_product_terms("PLAN", user)
    with at("2026-11-05"):
        run("dispatch_invoices")
    assert [amounts(invoice_of(user, period)) for period in (202609, 202610, 202611)] == [
        [Decimal("10.00"), Decimal("10.00")],
        [Decimal("11.00")],
        [Decimal("12.00")],
    ]


def test_an_update_to_the_same_terms_writes_nothing():
    user = an_owner("PLAN")
    with nothing_changes():
        assert update_product_terms("PLAN", user) == Product.objects.get()


def test_a_product_that_is_declared_no_more_goes_on_being_billed(october_owner, settings):
    declare(settings, product("OTHER"))
    with at("2026-10-20"):
        assert use_product("PLAN", october_owner) == 99
        assert add_step_to_product("PLAN", october_owner) == 149
        assert restore_product("PLAN", october_owner) == 150
        with nothing_changes(), pytest.raises(UnknownProduct):
            update_product_terms("PLAN", october_owner)
    with at("2026-11-01"):
        turn_the_month()
        remove_product_from_account("PLAN", october_owner)
    assert amounts(invoice_of(october_owner, 202611)) == [Decimal("5.00"), Decimal("10.00")]


def test_a_product_that_the_account_has_already_is_returned_as_it_is(settings):
    user = an_owner("PLAN")
    use_product("PLAN", user, 10)
    declare(settings, product("PLAN", **NEW))
    with nothing_changes():
        again = add_product_to_account("PLAN", user)
    assert (again.flat_rate, again.remaining) == (Decimal("10.00"), 90)
    assert Invoice.objects.count() == InvoiceItem.objects.count() == 1
