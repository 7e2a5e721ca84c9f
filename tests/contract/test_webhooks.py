from datetime import date, datetime
from decimal import Decimal

import pytest
from braintree.exceptions.invalid_challenge_error import InvalidChallengeError
from braintree.exceptions.invalid_signature_error import InvalidSignatureError

from .factories import unique

# What makes a kind's notification: the attribute that holds its subject, and a status that it has.
SUBJECTS = {
    "disbursement": ("disbursement", None),
    "disbursement_exception": ("disbursement", None),
    "dispute_accepted": ("dispute", "accepted"),
    "dispute_auto_accepted": ("dispute", "auto_accepted"),
    "dispute_disputed": ("dispute", "disputed"),
    "dispute_expired": ("dispute", "expired"),
    "dispute_lost": ("dispute", "lost"),
    "dispute_opened": ("dispute", "open"),
    "dispute_under_review": ("dispute", "under_review"),
    "dispute_won": ("dispute", "won"),
    "refund_failed": ("transaction", "processor_declined"),
    "transaction_disbursed": ("transaction", None),
    "transaction_retried": ("transaction", "submitted_for_settlement"),
    "transaction_settled": ("transaction", "settled"),
    "transaction_settlement_declined": ("transaction", "settlement_declined"),
}


def sample(gateway, kind, subject_id="my-id"):
    """Return the fields of a notification that the SDK makes and signs for tests."""
    form = gateway.webhook_testing.sample_notification(kind, subject_id)
    return form["bt_signature"], form["bt_payload"]


@pytest.mark.parametrize("kind", SUBJECTS)
def test_a_notification_tells_of_its_subject(gateway, kind):
    subject_id = unique("subject")
    notification = gateway.webhook_notification.parse(*sample(gateway, kind, subject_id))
    attribute, status = SUBJECTS[kind]
    subject = getattr(notification, attribute)
    assert (notification.kind, subject.id) == (kind, subject_id)
    assert type(notification.timestamp) is datetime
    assert notification.source_merchant_id is None
    assert getattr(subject, "status", None) == status


def test_a_check_has_nothing_but_its_kind(gateway):
    notification = gateway.webhook_notification.parse(*sample(gateway, "check"))
    assert notification.kind == "check"
    assert not hasattr(notification, "transaction")


def test_the_subject_has_the_types_of_an_answer(gateway):
    dispute = gateway.webhook_notification.parse(*sample(gateway, "dispute_won")).dispute
    assert (dispute.amount_disputed, dispute.amount_won) == (Decimal("100.00"), Decimal("95.00"))
    assert (type(dispute.received_date), type(dispute.date_won)) == (date, date)
    disbursement = gateway.webhook_notification.parse(*sample(gateway, "disbursement")).disbursement
    assert (disbursement.amount, disbursement.success) == (Decimal("100.00"), True)
    assert disbursement.transaction_ids == ["afv56j", "kj8hjk"]


def test_an_account_updater_report_has_a_day_and_an_address(gateway):
    report = gateway.webhook_notification.parse(
        *sample(gateway, "account_updater_daily_report")
    ).account_updater_daily_report
    assert type(report.report_date) is date
    assert report.report_url.startswith(("http", "link"))


def test_a_revoked_card_is_told_by_its_token(gateway):
    form = sample(gateway, "payment_method_revoked_by_customer", "my-token")
    assert gateway.webhook_notification.parse(*form).revoked_payment_method_metadata.token == "my-token"


def test_a_notification_with_a_wrong_signature_is_refused(gateway):
    signature, payload = sample(gateway, "check")
    public_key, _, digest = signature.partition("|")
    parse = gateway.webhook_notification.parse
    for broken in (
        (f"{public_key}|{digest[::-1]}", payload),
        (f"{public_key}x|{digest}", payload),
        (signature, b"AAAA\n" + payload),
        (signature, payload.replace(b"\n", b"?\n")),
        (None, payload),
    ):
        with pytest.raises(InvalidSignatureError):
            parse(*broken)


def test_one_good_signature_of_several_is_enough(gateway):
    signature, payload = sample(gateway, "check")
    both = f"another_public_key|another_signature&{signature}"
    assert gateway.webhook_notification.parse(both, payload).kind == "check"


def test_the_challenge_of_a_new_address_is_answered(gateway):
    challenge = "20f9f8ed05f77439fe955c977e4c8a53"
    public_key, _, digest = gateway.webhook_notification.verify(challenge).partition("|")
    assert public_key == gateway.config.public_key
    assert len(digest) == 40
    with pytest.raises(InvalidChallengeError):
        gateway.webhook_notification.verify("not a challenge")
