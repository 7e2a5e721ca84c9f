"""Descriptors: what shall stand on the cardholder's statement."""

from __future__ import annotations

import re

from braintree import ErrorCodes

from .addresses import Fields
from .params import Params
from .validation import Errors

_CODES = ErrorCodes.Descriptor

# Company and product with an asterisk between: 3, 7 or 12 characters before it, 22 in all at most.
_NAME = re.compile(r"(?:[^*]{3}|[^*]{7}|[^*]{12})\*[^*]+")
# Ten digits, in 10 to 14 characters.
_PHONE = re.compile(r"[0-9().+ -]{10,14}")


def read(params: Params, errors: Errors) -> Fields:
    """Return the descriptor; add an error for each part that is not acceptable."""
    fields = params.section("descriptor").texts("name", "phone", "url")
    here = errors.under("descriptor")
    name, phone, url = fields["name"], fields["phone"], fields["url"]
    if name is not None and not (_NAME.fullmatch(name) and len(name) <= 22):
        here.add("name", _CODES.NameFormatIsInvalid)
    if phone is not None and not (_PHONE.fullmatch(phone) and len(re.sub(r"\D", "", phone)) == 10):
        here.add("phone", _CODES.PhoneFormatIsInvalid)
    if url is not None and len(url) > 13:
        here.add("url", _CODES.UrlFormatIsInvalid)
    return fields
