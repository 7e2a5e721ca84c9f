"""The endpoint of client tokens, with which a browser may turn a card into a nonce."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from braintree import ErrorCodes

from . import client_configuration, client_fingerprints
from .books import Books
from .exchange import Reply, Request
from .params import Params
from .validation import Errors

_CODES = ErrorCodes.ClientToken

MAX_DOMAINS = 5
_DOMAIN = re.compile(r"(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]", re.I)

# What may be asked for a customer only, and the code where there is none.
OPTIONS = {
    "make_default": _CODES.MakeDefaultRequiresCustomerId,
    "verify_card": _CODES.VerifyCardRequiresCustomerId,
    "fail_on_duplicate_payment_method": _CODES.FailOnDuplicatePaymentMethodRequiresCustomerId,
    "fail_on_duplicate_payment_method_for_customer": (
        _CODES.FailOnDuplicatePaymentMethodForCustomerRequiresCustomerId
    ),
}


def create(books: Books, request: Request) -> Reply:
    """Make a client token: plain JSON in version 1, base64 of it in versions 2 and 3."""
    params = request.section("client_token")
    errors = Errors()
    options = _read(books, params, errors.under("client_token"))
    version = params.text("version") or "2"
    if version not in ("1", "2", "3"):
        errors.under("client_token").add("version", _CODES.UnsupportedVersion)
    errors.raise_if_any()
    fingerprint = client_fingerprints.make(books, options)
    account = options["merchant_account_id"] or books.merchant.default_account
    urls = client_configuration.urls(books, request.origin)
    token: dict[str, Any] = {"version": int(version), "authorizationFingerprint": fingerprint}
    if version == "3":
        token |= {"configUrl": urls["configUrl"], "environment": client_configuration.ENVIRONMENT}
    else:
        token |= client_configuration.show(books, account, request.origin) | urls
        token["hasCustomer"] = options["customer_id"] is not None
    value = json.dumps(token)
    if version != "1":
        value = base64.b64encode(value.encode()).decode()
    return Reply(201, "client_token", {"value": value})


def _read(books: Books, params: Params, errors: Errors) -> dict[str, Any]:
    customer_id = params.text("customer_id")
    if customer_id is not None and not books.holds("customers", "id", customer_id):
        errors.add("customer_id", _CODES.CustomerDoesNotExist)
    account = params.text("merchant_account_id")
    if account is not None and account not in books.merchant.accounts:
        errors.add("merchant_account_id", _CODES.MerchantAccountDoesNotExist)
    if params.text("proxy_merchant_id") is not None:
        errors.add(
            "proxy_merchant_id",
            _CODES.ProxyMerchantDoesNotExist,
            "Proxy merchant specified by proxy_merchant_id does not exist",
        )
    wanted = params.section("options")
    if customer_id is None:
        for name, code in OPTIONS.items():
            if wanted.text(name) is not None:
                errors.under("options").add(name, code)
    return {
        "customer_id": customer_id,
        "merchant_account_id": account,
        "domains": _read_domains(params, errors),
        **{name: wanted.flag(name) for name in OPTIONS},
    }


def _read_domains(params: Params, errors: Errors) -> list[str]:
    given = params.values.get("domains")
    domains = [str(domain) for domain in given] if isinstance(given, list) else []
    if len(domains) > MAX_DOMAINS:
        errors.add("domains", _CODES.TooManyDomains)
    elif not all(_DOMAIN.fullmatch(domain) for domain in domains):
        errors.add("domains", _CODES.InvalidDomainFormat)
    return domains
