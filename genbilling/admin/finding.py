"""Finding rows by whose they are: an operator knows a customer's name or e-mail, and no key of ours."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.http import HttpRequest


class OfAnOwner(admin.ModelAdmin):
    """Rows that are an owner's: found also by the owner's name (``USERNAME_FIELD``) and e-mail."""

    path_to_owner: str
    """The path from a row to the owner of its account."""

    def get_search_fields(self, request: HttpRequest) -> list[Any]:
        return [
            *super().get_search_fields(request),
            *(f"{self.path_to_owner}__{name}" for name in names_of_users()),
        ]


def names_of_users() -> list[str]:
    """Return the fields of the project's user model that a user is known by."""
    users = get_user_model()
    names = dict.fromkeys([users.USERNAME_FIELD, users.get_email_field_name()])
    return [name for name in names if _is_text(users, name)]


def _is_text(users: Any, name: str) -> bool:
    try:
        # A user model need not have an e-mail, and a name may be another row's.
        return not users._meta.get_field(name).is_relation
    except FieldDoesNotExist:
        return False
