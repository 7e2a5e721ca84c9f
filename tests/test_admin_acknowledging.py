"""An operator acknowledges from the admin a sale that fits nothing in the books."""

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import timezone

from genbilling.models import UnknownSale
from tests.factories import an_owner
from tests.test_admin_corrections import logged_in, staff

pytestmark = pytest.mark.django_db

VIEW, CHANGE = "view_unknownsale", "change_unknownsale"


@pytest.fixture
def sale():
    return UnknownSale.objects.create(
        transaction_id="abc123",
        order_id="genbilling-x",
        account=an_owner().genbilling_account,
        amount="25.00",
        currency="USD",
        status="settled",
        sold_at=timezone.now(),
    )


def url(sale, page="acknowledge"):
    return reverse(f"admin:genbilling_unknownsale_{page}", args=[sale.pk])


def test_a_sale_is_acknowledged_with_a_memo_and_by_name(sale):
    anna = logged_in(staff(VIEW, CHANGE))
    assert url(sale) in anna.get(url(sale, "change")).content.decode()
    page = anna.get(url(sale)).content.decode()
    assert "abc123" in page
    assert "25.00 USD" in page
    assert anna.post(url(sale), {"memo": "Refunded there"}).status_code == 302
    sale.refresh_from_db()
    assert (sale.operator, sale.memo, sale.acknowledged_at is None) == ("anna", "Refunded there", False)
    assert "Refunded there" in LogEntry.objects.get().change_message
    assert url(sale) not in anna.get(url(sale, "change")).content.decode()


def test_who_may_only_look_acknowledges_nothing(sale):
    ben = logged_in(staff(VIEW, name="ben"))
    assert url(sale) not in ben.get(url(sale, "change")).content.decode()
    assert ben.post(url(sale), {"memo": "Mine"}).status_code == 403
    sale.refresh_from_db()
    assert sale.acknowledged_at is None


def test_a_sale_of_no_account_here_says_so(sale):
    UnknownSale.objects.update(account=None)
    anna = logged_in(staff(VIEW, CHANGE))
    assert "None in these books" in anna.get(url(sale)).content.decode()
