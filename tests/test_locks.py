"""A row is locked, or it is said that there is none."""

import pytest
from django.core.exceptions import ObjectDoesNotExist

from genbilling import books
from genbilling.models import Account
from genbilling.services.locks import lock_row
from tests.factories import a_user

pytestmark = pytest.mark.django_db


@books.atomic()
def test_a_row_is_locked_by_its_key():
    account = Account.objects.create(owner=a_user())
    assert lock_row(Account.objects.all(), account.pk) == account


@books.atomic()
def test_a_row_that_is_not_there_is_named():
    with pytest.raises(ObjectDoesNotExist, match="There is no account 7"):
        lock_row(Account.objects.all(), 7)
