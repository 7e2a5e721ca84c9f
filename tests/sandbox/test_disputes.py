import io
import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from braintree import DisputeSearch, ErrorCodes
from braintree.exceptions.not_found_error import NotFoundError
from braintree.test.credit_card_numbers import CreditCardNumbers

from genbilling.sandbox import DisputeError, Sandbox

from .connections import embedded_gateway
from .factories import errors_of, make_customer, make_numbered_card, sell, submitted_sale, succeed, unique

CODES = ErrorCodes.Dispute
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 100


def disputed_sale(gateway, **values):
    card = {"number": CreditCardNumbers.Disputes.Chargeback, "expiration_date": "12/2031"}
    return sell(gateway, "100.00", credit_card=card, **values)


def make_dispute(gateway, **values):
    (dispute,) = disputed_sale(gateway, **values).disputes
    return dispute


def upload(gateway, content=PNG, name="evidence.png", kind="evidence_document"):
    file = io.BytesIO(content)
    file.name = name
    return gateway.document_upload.create({"kind": kind, "file": file})


def test_a_sale_to_the_chargeback_card_is_disputed_at_once(gateway):
    sale = disputed_sale(gateway, order_id=unique("order"))
    dispute = gateway.dispute.find(sale.disputes[0].id)
    assert (dispute.status, dispute.kind, dispute.reason, dispute.reason_code) == (
        "open",
        "chargeback",
        "fraud",
        "83",
    )
    assert (dispute.amount_disputed, dispute.amount_won) == (Decimal("100.00"), Decimal("0.00"))
    assert (dispute.transaction.id, dispute.transaction.order_id) == (sale.id, sale.order_id)
    assert dispute.transaction.amount == Decimal("100.00")
    assert dispute.transaction.payment_instrument_subtype == "Visa"
    assert dispute.received_date == sale.created_at.date()
    assert dispute.reply_by_date > dispute.received_date
    assert [event.status for event in dispute.status_history] == ["open"]
    assert dispute.status_history[0].effective_date == dispute.received_date
    assert dispute.evidence == []
    assert dispute.graphql_id
    assert gateway.transaction.find(sale.id).disputes[0].id == dispute.id


def test_a_kept_chargeback_card_is_disputed_too_and_an_ordinary_one_is_not(gateway):
    card = make_numbered_card(gateway, number=CreditCardNumbers.Disputes.Chargeback)
    assert len(sell(gateway, payment_method_token=card.token).disputes) == 1
    assert sell(gateway).disputes == []


def test_an_accepted_dispute_is_over(gateway):
    dispute = make_dispute(gateway)
    evidence = gateway.dispute.add_text_evidence(dispute.id, "a text").evidence
    assert gateway.dispute.accept(dispute.id).is_success
    found = gateway.dispute.find(dispute.id)
    assert found.status == "accepted"
    assert [event.status for event in found.status_history] == ["open", "accepted"]
    assert gateway.transaction.find(dispute.transaction.id).disputes[0].status == "accepted"
    for result, code in (
        (gateway.dispute.accept(dispute.id), CODES.CanOnlyAcceptOpenDispute),
        (gateway.dispute.finalize(dispute.id), CODES.CanOnlyFinalizeOpenDispute),
        (gateway.dispute.add_text_evidence(dispute.id, "late"), CODES.CanOnlyAddEvidenceToOpenDispute),
        (
            gateway.dispute.remove_evidence(dispute.id, evidence.id),
            CODES.CanOnlyRemoveEvidenceFromOpenDispute,
        ),
    ):
        ((path, _, found_code),) = errors_of(result)
        assert (path, found_code) == ("dispute", code)


@pytest.mark.parametrize(
    ("text", "status", "won"),
    [
        (None, "disputed", "0.00"),
        ("compelling_evidence", "won", "100.00"),
        ("losing_evidence", "lost", "0.00"),
    ],
)
def test_a_finalized_dispute_may_be_decided_by_its_evidence(gateway, text, status, won):
    dispute = make_dispute(gateway)
    if text:
        succeed(gateway.dispute.add_text_evidence(dispute.id, text))
    assert gateway.dispute.finalize(dispute.id).is_success
    found = gateway.dispute.find(dispute.id)
    assert (found.status, found.amount_won) == (status, Decimal(won))
    assert "disputed" in [event.status for event in found.status_history]


def test_text_evidence_is_kept(gateway):
    dispute = make_dispute(gateway)
    request = {"content": "my device", "category": "DEVICE_ID", "sequence_number": "1"}
    made = succeed(gateway.dispute.add_text_evidence(dispute.id, request)).evidence
    (found,) = gateway.dispute.find(dispute.id).evidence
    assert (found.id, found.comment, found.category, found.tag) == (
        made.id,
        "my device",
        "DEVICE_ID",
        "DEVICE_ID",
    )
    assert (found.sequence_number, found.url, found.sent_to_processor_at) == (1, None, None)
    assert found.created_at
    assert gateway.dispute.remove_evidence(dispute.id, made.id).is_success
    assert gateway.dispute.find(dispute.id).evidence == []


def test_a_document_can_be_evidence(gateway):
    dispute, document = make_dispute(gateway), succeed(upload(gateway)).document_upload
    assert (document.name, document.size, document.content_type, document.kind) == (
        "evidence.png",
        len(PNG),
        "image/png",
        "evidence_document",
    )
    request = {"document_id": document.id, "category": "GENERAL"}
    made = succeed(gateway.dispute.add_file_evidence(dispute.id, request)).evidence
    assert (made.category, made.comment, document.id in made.url) == ("GENERAL", None, True)
    with pytest.raises(NotFoundError):
        gateway.dispute.add_file_evidence(dispute.id, "nope")


@pytest.mark.parametrize(
    ("values", "attribute", "code"),
    [
        ({"content": b""}, "file", ErrorCodes.DocumentUpload.FileIsEmpty),
        ({"name": "evidence.gif"}, "file", ErrorCodes.DocumentUpload.FileTypeIsInvalid),
        ({"name": "evidence.pdf"}, "file", ErrorCodes.DocumentUpload.FileIsMalformedOrEncrypted),
        ({"kind": "wrong"}, "kind", ErrorCodes.DocumentUpload.KindIsInvalid),
        ({"content": PNG * 40_000}, "file", ErrorCodes.DocumentUpload.FileIsTooLarge),
        (
            {"content": b"%PDF-1.4" + b"<</Type /Page>>" * 51, "name": "long.pdf"},
            "file",
            ErrorCodes.DocumentUpload.FileIsTooLong,
        ),
    ],
)
def test_what_is_wrong_with_a_document_is_told(gateway, values, attribute, code):
    assert errors_of(upload(gateway, **values)) == [("document_upload", attribute, code)]


@pytest.mark.parametrize(
    ("category", "content", "code"),
    [
        ("NONSENSE", "x", CODES.CanOnlyCreateEvidenceWithValidCategory),
        ("MERCHANT_WEBSITE_OR_APP_ACCESS", "x", CODES.EvidenceCategoryDocumentOnly),
        ("DOWNLOAD_DATE_TIME", "yesterday", CODES.EvidenceContentDateInvalid),
        ("RECURRING_TRANSACTION_ARN", "1" * 26, CODES.EvidenceContentARNTooLong),
        ("PRIOR_NON_DISPUTED_TRANSACTION_PHONE_NUMBER", "1" * 16, CODES.EvidenceContentPhoneTooLong),
        ("PRIOR_NON_DISPUTED_TRANSACTION_EMAIL_ADDRESS", "x", CODES.EvidenceContentEmailInvalid),
        ("DEVICE_ID", "x" * 501, CODES.EvidenceContentTooLong),
    ],
)
def test_what_is_wrong_with_evidence_is_told(gateway, category, content, code):
    request = {"content": content, "category": category}
    result = gateway.dispute.add_text_evidence(make_dispute(gateway).id, request)
    assert [found for *_, found in errors_of(result)] == [code]


def test_a_text_category_takes_no_document(gateway):
    request = {"document_id": upload(gateway).document_upload.id, "category": "DEVICE_ID"}
    result = gateway.dispute.add_file_evidence(make_dispute(gateway).id, request)
    assert [code for *_, code in errors_of(result)] == [CODES.EvidenceCategoryTextOnly]


@pytest.mark.parametrize(
    ("category", "content", "codes"),
    [
        ("DEVICE_ID", "x", [CODES.DigitalGoodsMissingEvidence, CODES.DigitalGoodsMissingDownloadDate]),
        (
            "PRIOR_NON_DISPUTED_TRANSACTION_DATE_TIME",
            "2026-01-31T12:00:00",
            [CODES.NonDisputedPriorTransactionEvidenceMissingARN],
        ),
        (
            "PRIOR_NON_DISPUTED_TRANSACTION_ARN",
            "123",
            [CODES.NonDisputedPriorTransactionEvidenceMissingDate],
        ),
        ("RECURRING_TRANSACTION_ARN", "123", [CODES.RecurringTransactionEvidenceMissingDate]),
        ("RECURRING_TRANSACTION_DATE_TIME", "2026-01-31", [CODES.RecurringTransactionEvidenceMissingARN]),
    ],
)
def test_a_dispute_with_half_the_evidence_cannot_be_finalized(gateway, category, content, codes):
    dispute = make_dispute(gateway)
    succeed(gateway.dispute.add_text_evidence(dispute.id, {"content": content, "category": category}))
    assert [code for *_, code in errors_of(gateway.dispute.finalize(dispute.id))] == codes
    assert gateway.dispute.find(dispute.id).status == "open"


def test_there_is_nothing_to_do_with_a_dispute_that_is_not_there(gateway):
    dispute = make_dispute(gateway)
    for missing in (
        lambda: gateway.dispute.find("nope"),
        lambda: gateway.dispute.accept("nope"),
        lambda: gateway.dispute.finalize("nope"),
        lambda: gateway.dispute.add_text_evidence("nope", "x"),
        lambda: gateway.dispute.remove_evidence(dispute.id, "nope"),
    ):
        with pytest.raises(NotFoundError):
            missing()


def test_disputes_are_found_by_every_criterion(gateway):
    customer = make_customer(gateway)
    dispute = make_dispute(gateway, customer_id=customer.id)
    event, own, day = dispute.status_history[0], DisputeSearch.id == dispute.id, timedelta(days=1)

    def search(*query):
        return [found.id for found in gateway.dispute.search([own, *query]).disputes.items]

    fitting = [
        DisputeSearch.customer_id == customer.id,
        DisputeSearch.transaction_id == dispute.transaction.id,
        DisputeSearch.case_number == dispute.case_number,
        DisputeSearch.reference_number == dispute.reference_number,
        DisputeSearch.merchant_account_id == "sandbox_credit_card",
        DisputeSearch.kind == "chargeback",
        DisputeSearch.status.in_list(["open", "won"]),
        DisputeSearch.reason == "fraud",
        DisputeSearch.reason_code == "83",
        DisputeSearch.pre_dispute_program == "none",
        DisputeSearch.transaction_source == "api",
        DisputeSearch.amount_disputed.between("99.00", "101.00"),
        DisputeSearch.amount_won == "0.00",
        DisputeSearch.received_date == dispute.received_date,
        DisputeSearch.received_date.between(
            f"{dispute.received_date - day:%m/%d/%Y}", f"{dispute.received_date + day:%m/%d/%Y}"
        ),
        DisputeSearch.reply_by_date >= dispute.reply_by_date,
        DisputeSearch.effective_date == event.effective_date,
        DisputeSearch.disbursement_date <= event.disbursement_date,
    ]
    for query in fitting:
        assert search(query) == [dispute.id]
    for query in (
        DisputeSearch.status == "won",
        DisputeSearch.kind == "retrieval",
        DisputeSearch.amount_disputed >= "100.01",
        DisputeSearch.received_date <= date(2020, 1, 1),
        DisputeSearch.effective_date <= date(2020, 1, 1),
        DisputeSearch.customer_id == "nobody",
        DisputeSearch.pre_dispute_program == "visa_rdr",
    ):
        assert search(query) == []


def test_many_disputes_are_found_page_by_page(shared_sandbox_gateway):
    gateway, customer = shared_sandbox_gateway, make_customer(shared_sandbox_gateway)
    made = [make_dispute(gateway, customer_id=customer.id).id for _ in range(55)]
    found = gateway.dispute.search(DisputeSearch.customer_id == customer.id).disputes
    assert [dispute.id for dispute in found.items] == made[::-1]


def test_a_dispute_can_be_had_on_order_and_moved(books):
    with Sandbox(books) as sandbox:
        gateway = embedded_gateway(sandbox)
        sale = submitted_sale(gateway, "10.00")
        dispute_id = sandbox.open_dispute(sale.id, amount="4.00", kind="retrieval", reason="not_recognized")
        found = gateway.dispute.find(dispute_id)
        assert (found.amount_disputed, found.kind, found.reason) == (
            Decimal("4.00"),
            "retrieval",
            "not_recognized",
        )
        sandbox.move_dispute(dispute_id, "won")
        won = gateway.transaction.find(sale.id).disputes[0]
        assert (won.status, won.amount_won, won.date_won) == ("won", Decimal("4.00"), won.updated_at.date())
        whole = sandbox.open_dispute(sale.id, status="under_review")
        assert json.dumps([event.status for event in gateway.dispute.find(whole).status_history]) == (
            '["open", "under_review"]'
        )


def test_a_dispute_that_cannot_be_is_refused_in_words(books):
    with Sandbox(books) as sandbox:
        sale = sell(embedded_gateway(sandbox), "10.00")
        for order, text in (
            (lambda: sandbox.open_dispute("nope"), "no transaction"),
            (lambda: sandbox.open_dispute(sale.id, amount="10.01"), "cannot be disputed"),
            (lambda: sandbox.open_dispute(sale.id, amount="much"), "cannot be disputed"),
            (lambda: sandbox.open_dispute(sale.id, kind="quarrel"), "Choose one of chargeback"),
            (lambda: sandbox.move_dispute("nope", "won"), "no dispute"),
            (lambda: sandbox.move_dispute("nope", "wrong"), "not a status"),
        ):
            with pytest.raises(DisputeError, match=text):
                order()
