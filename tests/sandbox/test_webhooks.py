import threading
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from braintree.exceptions.invalid_signature_error import InvalidSignatureError

from genbilling.sandbox import Sandbox, WebhookError
from genbilling.sandbox.webhooks import KINDS

from .connections import embedded_gateway
from .factories import make_card, sell, settled_sale, submitted_sale, succeed


@pytest.fixture
def sandbox(books):
    with Sandbox(books) as fresh:
        yield fresh


@pytest.fixture
def gateway(sandbox):
    return embedded_gateway(sandbox)


def parse(gateway, form):
    return gateway.webhook_notification.parse(form["bt_signature"], form["bt_payload"])


@contextmanager
def receiver(gateway, *, status=200, delay=None):
    """Run a receiver of webhooks; give its address and the list of what it was sent."""
    seen = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            if delay:
                delay.wait(10)
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            seen.append(parse(gateway, {name: value for name, (value,) in form.items()}))
            self.answer(b"")

        def do_GET(self):
            (challenge,) = parse_qs(urlsplit(self.path).query)["bt_challenge"]
            self.answer(gateway.webhook_notification.verify(challenge).encode())

        def answer(self, body):
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/hook", seen
        finally:
            server.shutdown()
            thread.join()


def test_a_check_is_signed_with_the_merchants_keys(sandbox, gateway):
    form = sandbox.webhooks.make("check")
    notification = parse(gateway, form)
    assert notification.kind == "check"
    assert notification.timestamp
    for broken in (
        {**form, "bt_payload": "AAAA\n" + form["bt_payload"]},
        {**form, "bt_signature": form["bt_signature"][:-1] + "x"},
    ):
        with pytest.raises(InvalidSignatureError):
            parse(gateway, broken)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("dispute_accepted", "accepted"),
        ("dispute_auto_accepted", "auto_accepted"),
        ("dispute_disputed", "disputed"),
        ("dispute_expired", "expired"),
        ("dispute_lost", "lost"),
        ("dispute_opened", "open"),
        ("dispute_under_review", "under_review"),
        ("dispute_won", "won"),
    ],
)
def test_a_webhook_tells_of_a_dispute(sandbox, gateway, kind, status):
    sale = sell(gateway, "10.00")
    dispute_id = sandbox.open_dispute(sale.id, status=status)
    notification = parse(gateway, sandbox.webhooks.make(kind, dispute_id))
    assert (notification.dispute.id, notification.dispute.status) == (dispute_id, status)
    assert notification.dispute.transaction_details.id == sale.id


def test_a_webhook_tells_of_a_transaction(sandbox, gateway):
    sale = settled_sale(gateway, "10.00")
    for kind in ("transaction_settled", "transaction_retried"):
        notification = parse(gateway, sandbox.webhooks.make(kind, sale.id))
        assert (notification.transaction.id, notification.transaction.status) == (sale.id, "settled")
    review = parse(gateway, sandbox.webhooks.make("transaction_reviewed", sale.id)).transaction_review
    assert (review.transaction_id, review.decision) == (sale.id, "approve")
    declined = submitted_sale(gateway, "10.00")
    succeed(gateway.testing.settlement_decline_transaction(declined.id))
    notification = parse(gateway, sandbox.webhooks.make("transaction_settlement_declined", declined.id))
    assert notification.transaction.status == "settlement_declined"


def test_a_webhook_tells_of_a_refund(sandbox, gateway):
    refund = succeed(gateway.transaction.refund(settled_sale(gateway, "10.00").id)).transaction
    notification = parse(gateway, sandbox.webhooks.make("refund_failed", refund.id))
    assert notification.transaction.refunded_transaction_id == refund.refunded_transaction_id


def test_a_webhook_tells_of_a_disbursement(sandbox, gateway):
    sales = [settled_sale(gateway, "10.00").id for _ in range(2)]
    sandbox.clock.move(timedelta(days=3))
    gateway.transaction.find(sales[0])
    notification = parse(gateway, sandbox.webhooks.make("transaction_disbursed", sales[0]))
    assert notification.transaction.disbursement_details.is_valid
    disbursement = parse(gateway, sandbox.webhooks.make("disbursement")).disbursement
    assert disbursement.transaction_ids == sales
    assert (str(disbursement.amount), disbursement.success) == ("20.00", True)
    assert disbursement.merchant_account.id == "sandbox_credit_card"
    assert disbursement.is_credit()
    assert [sale.id for sale in disbursement.transactions().items] == sales[::-1]
    day = disbursement.disbursement_date.isoformat()
    failed = parse(gateway, sandbox.webhooks.make("disbursement_exception", day)).disbursement
    assert (failed.success, failed.exception_message) == (False, "bank_rejected")


def test_a_webhook_tells_of_cards(sandbox, gateway):
    card = make_card(gateway)
    notification = parse(gateway, sandbox.webhooks.make("payment_method_revoked_by_customer", card.token))
    revoked = notification.revoked_payment_method_metadata
    assert (revoked.token, revoked.customer_id) == (card.token, card.customer_id)
    report = parse(gateway, sandbox.webhooks.make("account_updater_daily_report"))
    assert report.account_updater_daily_report.report_url.startswith("https://")
    assert report.account_updater_daily_report.report_date == report.timestamp.date()


def test_a_webhook_is_posted_to_an_address(sandbox, gateway):
    sale = settled_sale(gateway, "10.00")
    with receiver(gateway) as (url, seen):
        assert sandbox.webhooks.send(url, "transaction_settled", sale.id) == 200
        assert sandbox.webhooks.challenge(url) is True
    assert [notification.transaction.id for notification in seen] == [sale.id]


def test_a_receiver_with_other_keys_fails_the_challenge(sandbox):
    other = embedded_gateway(sandbox, private_key="another_key")
    with receiver(other) as (url, _):
        assert sandbox.webhooks.challenge(f"{url}?a=1") is False


@pytest.mark.parametrize("status", [302, 404, 500])
def test_an_answer_other_than_success_is_an_error(sandbox, gateway, status):
    with (
        receiver(gateway, status=status) as (url, seen),
        pytest.raises(WebhookError, match=f"answered with {status}"),
    ):
        sandbox.webhooks.send(url, "check")
    assert len(seen) == 1


def test_a_receiver_that_does_not_answer_is_an_error(sandbox, gateway):
    waiting = threading.Event()
    with receiver(gateway, delay=waiting) as (url, _):
        with pytest.raises(WebhookError, match="did not answer within"):
            sandbox.webhooks.send(url, "check", timeout=0.2)
        waiting.set()


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("http://127.0.0.1:1/", "cannot be reached"),
        ("http://example.com/hook", "is not this machine"),
        ("http://192.0.2.1/hook", "is not this machine"),
        ("ftp://127.0.0.1/", "is not an address"),
        ("/hook", "is not an address"),
        ("http://[/", "is not an address"),
    ],
)
def test_an_address_that_cannot_be_used_is_told(sandbox, url, text):
    with pytest.raises(WebhookError, match=text):
        sandbox.webhooks.send(url, "check")


def test_a_webhook_of_what_is_not_so_is_refused_in_words(sandbox, gateway):
    sale = submitted_sale(gateway, "10.00")
    dispute_id = sandbox.open_dispute(sale.id)
    for kind, subject_id, text in (
        ("subscription_canceled", "x", "not a kind of webhook of cards. Choose one of"),
        ("transaction_settled", "nope", "no transaction"),
        ("transaction_settled", None, "needs the id of one"),
        ("transaction_settled", sale.id, "submitted_for_settlement; .* testing methods"),
        ("transaction_disbursed", sale.id, "not paid out"),
        ("dispute_won", dispute_id, "is open; .* move_dispute"),
        ("disbursement", "yesterday", "not a day"),
        ("payment_method_revoked_by_customer", "nope", "no card"),
    ):
        with pytest.raises(WebhookError, match=text):
            sandbox.webhooks.make(kind, subject_id)


def test_all_kinds_are_listed():
    assert {"check", "disbursement", "dispute_opened", "transaction_settled", "refund_failed"} <= set(KINDS)
