"""Decorators for views, to be used together with ``login_required``: an anonymous visitor is passed on."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from .models import Account, AccountUser

View = Callable[..., Any]


def good_account_standing(redirect_url: Any = None) -> Callable[[View], View]:
    """Let the view run for users whose account is on trial, active or in grace.

    Others, those without an account included, are redirected to `redirect_url` (a URL, the name of a pattern,
    or a model: what ``redirect()`` takes); without one they get status 401.
    """
    return _decorator(_in_good_standing, redirect_url)


def account_owner_rights_required(redirect_url: Any = None) -> Callable[[View], View]:
    """Let the view run for users who own an account; see `good_account_standing` for the others."""
    return _decorator(_owns_account, redirect_url)


def _in_good_standing(user: Any) -> bool:
    place = AccountUser.objects.select_related("account").filter(user=user.pk).first()
    return place is not None and place.account.access_granted()


def _owns_account(user: Any) -> bool:
    # A user who is not saved has no key, and a closed account no owner: they are not each other's.
    return user.pk is not None and Account.objects.filter(owner=user.pk).exists()


def _decorator(test: Callable[[Any], bool], redirect_url: Any) -> Callable[[View], View]:
    def refuse() -> HttpResponse:
        return HttpResponse(status=401) if redirect_url is None else redirect(redirect_url)

    def decorate(view: View) -> View:
        if iscoroutinefunction(view):

            @wraps(view)
            async def guarded_async(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
                user = await request.auser()
                if user.is_authenticated and not await sync_to_async(test)(user):
                    return await sync_to_async(refuse)()
                return await view(request, *args, **kwargs)

            return guarded_async

        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if request.user.is_authenticated and not test(request.user):
                return refuse()
            return view(request, *args, **kwargs)

        return guarded

    return decorate
