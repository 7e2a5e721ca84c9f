from datetime import date
from decimal import Decimal

import pytest
from braintree import DisputeSearch
from braintree.exceptions.not_found_error import NotFoundError
from braintree.test.credit_card_numbers import CreditCardNumbers

from .factories import CARD, errors_of, eventually, make_customer, sell, succeed
from .rows import covers


def make_dispute(gateway, **values):
    """Return the dispute of a sale to the card that Braintree's sandbox disputes by itself."""
    card = {**CARD, "number": CreditCardNumbers.Disputes.Chargeback}
    sale = sell(gateway, "100.00", credit_card=card, **values)
    (dispute,) = eventually(gateway, lambda: gateway.transaction.find(sale.id).disputes, bool)
    return dispute


@covers("GET /disputes/ID")
def test_a_dispute_shows_all_that_an_application_reads(gateway):
    dispute = gateway.dispute.find(make_dispute(gateway).id)
    assert (dispute.status, dispute.kind, dispute.reason) == ("open", "chargeback", "fraud")
    assert (dispute.amount_disputed, dispute.amount_won) == (Decimal("100.00"), Decimal("0.00"))
    assert type(dispute.received_date) is type(dispute.reply_by_date) is date
    assert type(dispute.case_number) is type(dispute.graphql_id) is str
    assert dispute.transaction.amount == Decimal("100.00")
    assert [event.status for event in dispute.status_history] == ["open"]
    assert dispute.evidence == []


@covers("PUT /disputes/ID/accept")
def test_an_accepted_dispute_is_over(gateway):
    dispute = make_dispute(gateway)
    assert gateway.dispute.accept(dispute.id).is_success
    assert gateway.dispute.find(dispute.id).status == "accepted"
    for result, code in (
        (gateway.dispute.accept(dispute.id), "95704"),
        (gateway.dispute.finalize(dispute.id), "95705"),
        (gateway.dispute.add_text_evidence(dispute.id, "late"), "95701"),
    ):
        assert [found for *_, found in errors_of(result)] == [code]


@pytest.mark.parametrize(
    ("text", "status"), [("compelling_evidence", "won"), ("losing_evidence", "lost"), ("text", "disputed")]
)
@covers("PUT /disputes/ID/finalize")
def test_the_evidence_decides_a_finalized_dispute(gateway, text, status):
    dispute = make_dispute(gateway)
    evidence = succeed(gateway.dispute.add_text_evidence(dispute.id, text)).evidence
    assert evidence.comment == text
    assert gateway.dispute.finalize(dispute.id).is_success
    found = eventually(
        gateway, lambda: gateway.dispute.find(dispute.id), lambda dispute: dispute.status == status
    )
    assert found.status == status


def test_evidence_can_be_taken_back(gateway):
    dispute = make_dispute(gateway)
    evidence = succeed(gateway.dispute.add_text_evidence(dispute.id, "text")).evidence
    assert [found.id for found in gateway.dispute.find(dispute.id).evidence] == [evidence.id]
    assert gateway.dispute.remove_evidence(dispute.id, evidence.id).is_success
    assert gateway.dispute.find(dispute.id).evidence == []


def test_a_dispute_that_is_not_there_is_not_found(gateway):
    for missing in (
        lambda: gateway.dispute.find("nosuchid"),
        lambda: gateway.dispute.accept("nosuchid"),
        lambda: gateway.dispute.finalize("nosuchid"),
        lambda: gateway.dispute.add_text_evidence("nosuchid", "text"),
    ):
        with pytest.raises(NotFoundError):
            missing()


@covers("POST /disputes/advanced_search")
def test_disputes_are_found_by_every_criterion(gateway):
    customer = make_customer(gateway)
    dispute = gateway.dispute.find(make_dispute(gateway, customer_id=customer.id).id)
    own = DisputeSearch.id == dispute.id

    def search(*terms):
        return [found.id for found in gateway.dispute.search([own, *terms]).disputes.items]

    assert eventually(gateway, search, bool) == [dispute.id]
    for term in (
        DisputeSearch.customer_id == customer.id,
        DisputeSearch.transaction_id == dispute.transaction.id,
        DisputeSearch.case_number == dispute.case_number,
        DisputeSearch.merchant_account_id == dispute.merchant_account_id,
        DisputeSearch.kind == "chargeback",
        DisputeSearch.status.in_list(["open", "won"]),
        DisputeSearch.reason == "fraud",
        DisputeSearch.amount_disputed.between("99.00", "101.00"),
        DisputeSearch.received_date == dispute.received_date,
        DisputeSearch.reply_by_date >= dispute.reply_by_date,
    ):
        assert search(term) == [dispute.id], term.name
    for term in (
        DisputeSearch.customer_id == "nobody",
        DisputeSearch.kind == "retrieval",
        DisputeSearch.status == "won",
        DisputeSearch.amount_disputed >= "100.01",
        DisputeSearch.received_date <= date(2020, 1, 1),
    ):
        assert search(term) == [], term.name
