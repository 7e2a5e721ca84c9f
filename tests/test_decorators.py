"""The decorators for views, in front of real requests."""

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.test import AsyncClient
from django.urls import path

from genbilling.decorators import account_owner_rights_required, good_account_standing
from genbilling.interface import add_user_account
from genbilling.models import Account
from tests.factories import a_user, an_owner

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def view(request, number=0):
    """A view."""
    return HttpResponse(f"seen {number}")


async def async_view(request, number=0):
    """An async view."""
    return HttpResponse(f"seen {number}")


DECORATORS = {"standing": good_account_standing, "owner": account_owner_rights_required}
TARGETS = {"plain": [], "named": ["upsell"], "url": ["/come/back/?from=here"]}
VIEWS = {"sync": view, "async": async_view}

urlpatterns = [
    path("upsell/", view, name="upsell"),
    path("members/", login_required(good_account_standing("upsell")(view))),
    path("both/", account_owner_rights_required()(good_account_standing("upsell")(view))),
    *(
        path(f"{decorator}/{target}/{kind}/<int:number>/", DECORATORS[decorator](*arguments)(VIEWS[kind]))
        for decorator in DECORATORS
        for target, arguments in TARGETS.items()
        for kind in VIEWS
    ),
]


@pytest.fixture(params=VIEWS)
def ask(request, client):
    """Returns what a user (None: a visitor) gets of a decorated view, sync and async."""

    def ask(decorator, user, target="plain"):
        url = f"/{decorator}/{target}/{request.param}/7/"
        if request.param == "sync":
            if user:
                client.force_login(user)
            return client.get(url)

        async def get():
            visitor = AsyncClient()
            if user:
                await visitor.aforce_login(user)
            return await visitor.get(url)

        return async_to_sync(get)()

    return ask


def a_child_of(owner):
    user = a_user()
    add_user_account(user, owner)
    return user


@pytest.mark.parametrize(
    ("status", "code"),
    [("trial", 200), ("active", 200), ("grace", 200), ("expired", 401), ("cancelled", 401)],
)
def test_good_standing_is_trial_active_or_grace_for_owners_and_child_users(ask, status, code):
    owner = an_owner()
    child = a_child_of(owner)
    Account.objects.update(status=status)
    assert [ask("standing", user).status_code for user in (owner, child)] == [code, code]


def test_without_an_account_there_is_no_good_standing_and_no_ownership(ask):
    user = a_user()
    assert [ask(decorator, user).status_code for decorator in DECORATORS] == [401, 401]


@pytest.mark.parametrize("status", Account.Status.values)
def test_an_owner_has_the_rights_of_one_whatever_the_status_and_a_child_user_has_not(ask, status):
    owner = an_owner()
    child = a_child_of(owner)
    Account.objects.update(status=status)
    assert (ask("owner", owner).status_code, ask("owner", child).status_code) == (200, 401)


@pytest.mark.parametrize(("target", "url"), [("named", "/upsell/"), ("url", "/come/back/?from=here")])
@pytest.mark.parametrize("decorator", DECORATORS)
def test_who_fails_is_redirected_to_a_name_or_a_url(ask, decorator, target, url):
    response = ask(decorator, a_user(), target)
    assert (response.status_code, response["Location"]) == (302, url)


@pytest.mark.parametrize("decorator", DECORATORS)
@pytest.mark.parametrize("target", TARGETS)
def test_who_passes_sees_the_view_with_its_arguments(ask, decorator, target):
    response = ask(decorator, an_owner(), target)
    assert (response.status_code, response.content) == (200, b"seen 7")


@pytest.mark.parametrize("decorator", DECORATORS)
@pytest.mark.parametrize("target", TARGETS)
def test_an_anonymous_visitor_is_passed_on(ask, decorator, target):
    assert ask(decorator, None, target).content == b"seen 7"


def test_with_login_required_an_anonymous_visitor_is_sent_to_log_in(client):
    response = client.get("/members/")
    assert response["Location"] == "/accounts/login/?next=/members/"
    client.force_login(a_user())
    assert client.get("/members/")["Location"] == "/upsell/"


def test_the_decorators_go_together(client):
    owner = an_owner()
    client.force_login(owner)
    assert client.get("/both/").content == b"seen 0"
    Account.objects.update(status="expired")
    assert client.get("/both/")["Location"] == "/upsell/"
    client.force_login(a_child_of(owner))
    assert client.get("/both/").status_code == 401


@pytest.mark.parametrize("decorator", DECORATORS.values())
@pytest.mark.parametrize("seen", VIEWS.values())
def test_a_decorated_view_keeps_its_name_and_docstring(decorator, seen):
    decorated = decorator()(seen)
    assert (decorated.__name__, decorated.__doc__) == (seen.__name__, seen.__doc__)
