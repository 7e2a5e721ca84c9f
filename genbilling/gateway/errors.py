"""What the SDK raises, as errors of our own tree: the one question is whether anything may have been done."""

from __future__ import annotations

from braintree.exceptions.authentication_error import AuthenticationError
from braintree.exceptions.authorization_error import AuthorizationError
from braintree.exceptions.gateway_timeout_error import GatewayTimeoutError
from braintree.exceptions.http.connection_error import ConnectionError as SdkConnectionError
from braintree.exceptions.http.timeout_error import ConnectTimeoutError, ReadTimeoutError
from braintree.exceptions.not_found_error import NotFoundError
from braintree.exceptions.request_timeout_error import RequestTimeoutError
from braintree.exceptions.service_unavailable_error import ServiceUnavailableError
from braintree.exceptions.too_many_requests_error import TooManyRequestsError
from braintree.exceptions.upgrade_required_error import UpgradeRequiredError
from urllib3.exceptions import NewConnectionError

from ..exceptions import (
    GatewayBusy,
    GatewayError,
    GatewayForbids,
    GatewayOverloaded,
    GatewayUncertain,
    GatewayUnusable,
    NotAtGateway,
)

OVERLOADED = (ReadTimeoutError, RequestTimeoutError, GatewayTimeoutError, ServiceUnavailableError)


def error_of(error: Exception) -> GatewayError:
    """Return the error of ours that stands for `error`: unusable (nothing was done), or uncertain.

    To be raised without `error` behind it: see `Connection.ask`.
    """
    if isinstance(error, GatewayError):
        return error
    name = type(error).__name__
    if isinstance(error, AuthenticationError | AuthorizationError | UpgradeRequiredError):
        kind = GatewayForbids if isinstance(error, AuthorizationError) else GatewayUnusable
        return kind(
            f"Braintree refuses the credentials or the call ({name}): check BRAINTREE_MERCHANT_ID, "
            "BRAINTREE_PUBLIC_KEY, BRAINTREE_PRIVATE_KEY and BRAINTREE_ENVIRONMENT. Nothing was done."
        )
    if isinstance(error, NotFoundError):
        return NotAtGateway(
            "Braintree does not know what was addressed (NotFoundError): check BRAINTREE_MERCHANT_ID."
        )
    if isinstance(error, TooManyRequestsError):
        return GatewayBusy("Braintree's rate limit is reached (TooManyRequestsError): try again later.")
    if isinstance(error, ConnectTimeoutError) or _was_never_connected(error):
        return GatewayUnusable(f"Braintree cannot be reached ({name}): nothing was sent. {error}")
    unanswered = GatewayOverloaded if isinstance(error, OVERLOADED) else GatewayUncertain
    return unanswered(f"Braintree's answer did not come, or cannot be read ({name}). {error}")


def _was_never_connected(error: Exception) -> bool:
    # Refused and reset both arrive as the SDK's ConnectionError and differ inside: only the first was
    # certainly never sent. The chain is SDK error > requests error > urllib3 MaxRetryError > reason.
    if not isinstance(error, SdkConnectionError) or not error.args:
        return False
    inner = error.args[0]
    reason = getattr(inner.args[0], "reason", None) if getattr(inner, "args", ()) else None
    return isinstance(reason, NewConnectionError)
