"""`PaymentService`: the only place that knows the vendor. Values in, frozen outcomes out; no models.

What an answer of Braintree's means is decided here, from the SDK's source (4.48) and Braintree's documents;
the one question that matters about a sale is whether money may have moved.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

import braintree
import requests
from braintree.exceptions.authentication_error import AuthenticationError
from braintree.exceptions.authorization_error import AuthorizationError
from braintree.exceptions.http.connection_error import ConnectionError as SdkConnectionError
from braintree.exceptions.http.timeout_error import ConnectTimeoutError
from braintree.exceptions.not_found_error import NotFoundError
from braintree.exceptions.too_many_requests_error import TooManyRequestsError
from braintree.exceptions.upgrade_required_error import UpgradeRequiredError
from braintree.util.http import Http
from urllib3.exceptions import NewConnectionError

from . import conf
from .exceptions import BadSetting, CardRefused, GatewayError, GatewayUncertain, GatewayUnusable
from .sandbox import BooksError, Sandbox, http_strategy

TIMEOUT_SECONDS = 60
PAID_STATUSES = frozenset(
    {"submitted_for_settlement", "settling", "settled", "settlement_pending", "settlement_confirmed"}
)
REFUSED_STATUSES = frozenset(
    {
        "processor_declined",
        "gateway_rejected",
        "failed",
        "voided",
        "authorization_expired",
        "settlement_declined",
    }
)

# Validation errors about the idempotency key (braintree.ErrorCodes.Transaction). They are about an earlier
# request with the same key, which may have moved money, all but the one for "keys are not allowed here".
KEY_NOT_ALLOWED = "915231"
KEY_UNCERTAIN = frozenset({"915232", "915233", "915235"})
SALE = braintree.Transaction.Type.Sale
# Our settings are wrong, and no card would do: merchant account unknown, suspended, not ours.
MERCHANT_ACCOUNT_UNUSABLE = frozenset({"91513", "91514", "915121"})
TOKEN_INVALID = "91518"
CUSTOMER_ID_IN_USE = "91609"


class Ending(Enum):
    """The four ways in which a sale can end."""

    PAID = "paid"
    REFUSED = "refused"
    NOT_SENT = "not sent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a sale. Texts are empty where the gateway said nothing."""

    ending: Ending
    message: str = ""
    transaction_id: str = ""
    order_id: str = ""
    amount: Decimal | None = None
    currency: str = ""
    status: str = ""
    response_code: str = ""
    response_text: str = ""
    reject_reason: str = ""
    hard_decline: bool = False
    token_gone: bool = False
    key_refused: bool = False
    result: Any = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class VaultedCard:
    """A card as the gateway describes it; `expiration` is ``MM/YYYY``."""

    card_type: str
    last_4: str
    expiration: str


class PaymentService:
    """Braintree, at the settings of this moment."""

    def __init__(self) -> None:
        self._gateway = _connected(conf.braintree(), conf.embedded_db()).gateway

    def sale(self, request: dict[str, Any], key: str | None) -> Outcome:
        """Send a sale, submitted for settlement, under the idempotency key `key`; never raises for an answer.

        `request` is sent to the letter, so that sending it again under the same key is the same sale.
        """
        try:
            # sale() writes into the dict that it is given (SDK 4.48), so it gets a copy.
            under_key = {"api_request_key": key} if key else {}
            result = self._gateway.transaction.sale({**request, **under_key})
        except Exception as error:
            return _outcome_of_exception(error)
        return _outcome_of_result(result)

    def find_sale(self, order_id: str) -> Outcome | None:
        """Return the sale with `order_id`, the paid one if there are several, or None.

        Raises:
            GatewayUnusable, GatewayUncertain: the gateway did not answer.
        """
        try:
            found = self._gateway.transaction.search(braintree.TransactionSearch.order_id == order_id)
            # A refund has the order id of its sale.
            outcomes = [_outcome_of_transaction(one) for one in found.items if one.type == SALE]
        except Exception as error:
            raise _error_of(error) from error
        return min(outcomes, key=lambda outcome: outcome.ending is not Ending.PAID, default=None)

    def store_card(self, customer_id: str, token: str, nonce: str) -> VaultedCard:
        """Verify the card behind `nonce` and keep it in the vault as `token` of the customer `customer_id`.

        Raises:
            CardRefused: the gateway or the bank did not accept it.
            GatewayUnusable, GatewayUncertain: the gateway did not answer.
        """
        try:
            self._ensure_customer(customer_id)
            result = self._gateway.payment_method.create(
                {
                    "customer_id": customer_id,
                    "token": token,
                    "payment_method_nonce": nonce,
                    "options": {"verify_card": True, "make_default": True},
                }
            )
        except CardRefused:
            raise
        except Exception as error:
            raise _error_of(error) from error
        if not result.is_success:
            verification = result.credit_card_verification
            raise CardRefused(result.message, getattr(verification, "processor_response_code", None) or "")
        card = result.payment_method
        return VaultedCard(
            card_type=getattr(card, "card_type", "") or "",
            last_4=getattr(card, "last_4", "") or "",
            expiration=getattr(card, "expiration_date", "") or "",
        )

    def delete_card(self, token: str) -> None:
        """Take the card `token` out of the vault; one that is not there is taken out already.

        Raises:
            GatewayUnusable, GatewayUncertain: the gateway did not answer.
        """
        try:
            self._gateway.payment_method.delete(token)
        except NotFoundError:
            return
        except Exception as error:
            raise _error_of(error) from error

    def _ensure_customer(self, customer_id: str) -> None:
        result = self._gateway.customer.create({"id": customer_id})
        if not result.is_success and CUSTOMER_ID_IN_USE not in _error_codes(result):
            raise CardRefused(result.message)


def _outcome_of_result(result: Any) -> Outcome:
    if result is None:
        # An empty 201 makes sale() return None (SDK 4.48).
        return Outcome(ending=Ending.UNKNOWN, message="The gateway gave an empty answer.")
    if result.is_success:
        return _outcome_of_transaction(result.transaction, result)
    codes = _error_codes(result)
    if codes & KEY_UNCERTAIN:
        return Outcome(ending=Ending.UNKNOWN, message=result.message, result=result)
    if KEY_NOT_ALLOWED in codes:
        return Outcome(ending=Ending.NOT_SENT, message=result.message, key_refused=True, result=result)
    if codes & MERCHANT_ACCOUNT_UNUSABLE:
        message = f"Braintree refuses the merchant account: {result.message} Check MERCHANT_ACCOUNT_ID."
        return Outcome(ending=Ending.NOT_SENT, message=message, result=result)
    if result.transaction is not None and not codes:
        return _outcome_of_transaction(result.transaction, result)
    return Outcome(
        ending=Ending.REFUSED, message=result.message, token_gone=TOKEN_INVALID in codes, result=result
    )


def _outcome_of_transaction(transaction: Any, result: Any = None) -> Outcome:
    status = transaction.status or ""
    if status in PAID_STATUSES:
        ending = Ending.PAID
    else:
        # A bare "authorized" is not what was asked for, and money is reserved: somebody has to look.
        ending = Ending.REFUSED if status in REFUSED_STATUSES else Ending.UNKNOWN
    return Outcome(
        ending=ending,
        message=getattr(result, "message", None) or "",
        transaction_id=transaction.id,
        order_id=transaction.order_id or "",
        amount=transaction.amount,
        currency=transaction.currency_iso_code or "",
        status=status,
        response_code=transaction.processor_response_code or "",
        response_text=transaction.processor_response_text or "",
        reject_reason=transaction.gateway_rejection_reason or "",
        hard_decline=transaction.processor_response_type == braintree.ProcessorResponseTypes.HardDeclined,
        result=result,
    )


def _outcome_of_exception(error: Exception) -> Outcome:
    wrapped = _error_of(error)
    unsent = isinstance(wrapped, GatewayUnusable)
    return Outcome(ending=Ending.NOT_SENT if unsent else Ending.UNKNOWN, message=str(wrapped))


def _error_of(error: Exception) -> GatewayError:
    if isinstance(error, GatewayError):
        return error
    name = type(error).__name__
    if isinstance(error, AuthenticationError | AuthorizationError | UpgradeRequiredError):
        return GatewayUnusable(
            f"Braintree refuses the credentials or the call ({name}): check BRAINTREE_MERCHANT_ID, "
            "BRAINTREE_PUBLIC_KEY, BRAINTREE_PRIVATE_KEY and BRAINTREE_ENVIRONMENT. Nothing was charged."
        )
    if isinstance(error, NotFoundError):
        return GatewayUnusable(
            "Braintree does not know what was addressed (NotFoundError): check BRAINTREE_MERCHANT_ID."
        )
    if isinstance(error, TooManyRequestsError):
        return GatewayUnusable("Braintree's rate limit is reached (TooManyRequestsError): try again later.")
    if isinstance(error, ConnectTimeoutError) or _was_never_connected(error):
        return GatewayUnusable(f"Braintree cannot be reached ({name}): nothing was sent. {error}")
    return GatewayUncertain(f"Braintree's answer did not come, or cannot be read ({name}). {error}")


def _was_never_connected(error: Exception) -> bool:
    # Refused and reset both arrive as the SDK's ConnectionError and differ inside: only the first was
    # certainly never sent. The chain is SDK error > requests error > urllib3 MaxRetryError > reason.
    if not isinstance(error, SdkConnectionError) or not error.args:
        return False
    inner = error.args[0]
    reason = getattr(inner.args[0], "reason", None) if getattr(inner, "args", ()) else None
    return isinstance(reason, NewConnectionError)


def _error_codes(result: Any) -> set[str]:
    return {error.code for error in result.errors.deep_errors}


@dataclass(frozen=True, kw_only=True)
class _Connection:
    gateway: Any
    sandbox: Sandbox | None


_connections: dict[tuple[Any, ...], _Connection] = {}
_connecting = threading.Lock()


def disconnect() -> None:
    """Close every connection to a gateway, the embedded one's file included; the next call opens one."""
    with _connecting:
        while _connections:
            connection = _connections.popitem()[1]
            connection.gateway.config.close()
            if connection.sandbox is not None:
                connection.sandbox.close()


def _connected(config: conf.Braintree, embedded_db: str) -> _Connection:
    # A forked child must not write on its parent's connections, so each process has its own.
    key = (config, embedded_db, os.getpid())
    with _connecting:
        if key not in _connections:
            _connections[key] = _connect(config, embedded_db)
        return _connections[key]


def _connect(config: conf.Braintree, embedded_db: str) -> _Connection:
    options: dict[str, Any] = {"wrap_http_exceptions": True, "timeout": TIMEOUT_SECONDS}
    environment: Any = config.environment
    sandbox = None
    if environment == "embedded":
        environment = braintree.Environment.Development
        try:
            sandbox = Sandbox(embedded_db)
        except BooksError as error:
            raise BadSetting(f"GENBILLING['EMBEDDED_DB'] cannot be used: {error}") from error
        options["http_strategy"] = http_strategy(sandbox)
    elif conf.is_local_url(environment):
        environment = _local_environment(environment)
        options["http_strategy"] = _DirectHttp
    configuration = braintree.Configuration(
        environment,
        merchant_id=config.merchant_id,
        public_key=config.public_key,
        private_key=config.private_key,
        **options,
    )
    return _Connection(gateway=braintree.BraintreeGateway(configuration), sandbox=sandbox)


def _local_environment(address: str) -> Any:
    url = urlsplit(address)
    host = url.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return braintree.Environment(
        "local", host, str(url.port), auth_url=address, is_ssl=False, ssl_certificate=None
    )


class _DirectHttp(Http):
    """The SDK's transport without proxies, for a gateway on this host; the SDK ignores ``no_proxy``."""

    def __init__(self, config: Any, environment: Any = None) -> None:
        super().__init__(config, environment)
        self._threads = threading.local()

    def http_do(self, http_verb: str, path: str, headers: dict[str, Any], request_body: Any) -> list[Any]:
        if not hasattr(self._threads, "session"):
            self._threads.session = requests.Session()
            self._threads.session.trust_env = False
        response: requests.Response = self._threads.session.request(
            http_verb, path, headers=headers, data=request_body, timeout=self.config.timeout
        )
        return [response.status_code, response.text]
