"""What reports of errors show: the variables of every frame, and so nothing that has to stay secret."""

import base64
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.views.debug import ExceptionReporter

import genbilling
from genbilling.exceptions import CardRefused, GatewayError
from genbilling.gateway import PaymentService
from genbilling.interface import save_card
from tests.factories import an_owner

KEY = "integration_private_key"
SECRETS = [KEY, base64.b64encode(f"integration_public_key:{KEY}".encode()).decode(), "fake-valid-nonce"]
OURS = Path(genbilling.__file__).parent
SINCE, UNTIL = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 2, tzinfo=UTC)

TROUBLE = {
    **{str(status): ("status", {"status": status}) for status in (401, 403, 404, 408, 429, 500, 503)},
    **{name: (name, {}) for name in ("timeout", "reset", "refuse", "connect-timeout", "garbage", "empty")},
}
CALLS = {
    "sale": lambda service: service.sale({"amount": "1.00"}, "key"),
    "refund": lambda service: service.refund("id", {"amount": "1.00"}, "key"),
    "void": lambda service: service.void("id", "key"),
    "find_sale": lambda service: service.find_sale("order"),
    "find": lambda service: service.find("id"),
    "find_void": lambda service: service.find_void("id"),
    "transactions": lambda service: list(service.transactions(SINCE, UNTIL)),
    "disputes": lambda service: list(service.disputes(date(2026, 10, 1), date(2026, 10, 2))),
    "store_card": lambda service: service.store_card("customer", "token", "fake-valid-nonce"),
    "delete_card": lambda service: service.delete_card("token"),
    "currency": lambda service: service.currency(""),
    "currency of one": lambda service: service.currency("yen"),
}


def error_of(call):
    """The error that `call` raises, or that its outcome tells of."""
    try:
        outcome = call()
    except GatewayError as error:
        return error
    return getattr(outcome, "error", None)


def all_behind(error):
    """The error and all that it was raised from, or while, whether it is shown or not."""
    found, left = [], [error]
    while left:
        one = left.pop()
        if one is not None and one not in found:
            found.append(one)
            left += [one.__cause__, one.__context__]
    return found


def frames_of(error):
    for one in all_behind(error):
        trace = one.__traceback__
        while trace is not None:
            yield trace.tb_frame
            trace = trace.tb_next


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
@pytest.mark.parametrize(("effect", "details"), TROUBLE.values(), ids=TROUBLE.keys())
def test_nothing_of_the_sdk_is_behind_an_error(braintree, call, effect, details):
    service = PaymentService()
    with braintree.fault(effect, **details):
        error = error_of(lambda: call(service))
    if error is None:
        assert effect in ("status", "empty", "garbage"), "answered: there is none, or nothing at all"
        return
    for frame in frames_of(error):
        file = Path(frame.f_code.co_filename)
        assert file == Path(__file__) or "decorators" in file.parts or OURS / "gateway" in file.parents, file
        shown = repr({name: value for name, value in frame.f_locals.items() if name != "frame"})
        assert not any(secret in shown for secret in SECRETS[:2])
    assert KEY not in str(error)


def test_the_gateways_own_words_are_among_ours(braintree):
    with braintree.fault("refuse"), pytest.raises(GatewayError, match=r"nothing was sent.*refused"):
        PaymentService().find("id")


@pytest.mark.parametrize("fault", ["timeout", None])
def test_a_nonce_is_in_no_report_of_an_error(db, braintree, settings, fault):
    settings.DEBUG = False
    user = an_owner()
    nonce = "fake-valid-nonce" if fault else "fake-processor-declined-visa-nonce"
    try:
        if fault:
            with braintree.fault(fault):
                save_card(user, nonce)
        else:
            save_card(user, nonce)
    except (GatewayError, CardRefused):
        frames = ExceptionReporter(None, *sys.exc_info()).get_traceback_frames()
    else:
        pytest.fail("it was saved")
    ours = [frame for frame in frames if frame["filename"] != __file__]
    assert {"interface.py", "cards.py", "service.py"} <= {Path(frame["filename"]).name for frame in ours}
    assert not any(nonce in repr(value) for frame in ours for _, value in frame["vars"])
