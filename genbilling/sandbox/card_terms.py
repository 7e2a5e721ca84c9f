"""Search terms about a card, of which only the ends of the number and a fingerprint are kept."""

from __future__ import annotations

import re
from typing import Any

from . import card_numbers, search_terms
from .search_terms import Condition

# So many digits in front are kept.
_FRONT = 8


def number(document: str, term: Any) -> Condition:
    """Return the condition on the number of a card; ``document`` is the SQL of its JSON."""
    parts = [
        _number_part(document, name, card_numbers.digits(str(given)))
        for name, given in (term if isinstance(term, dict) else {"is": term}).items()
    ]
    return search_terms.join(parts)


def expiry(document: str, term: Any) -> Condition:
    """Return the condition on the expiration date of a card, which may be given as MM/YY or MM/YYYY."""
    column = (
        f"json_extract({document}, '$.expiration_month') || '/' ||"
        f" json_extract({document}, '$.expiration_year')"
    )
    given = term if isinstance(term, dict) else {"is": term}
    return search_terms.text(column, {name: _whole(value) for name, value in given.items()})


def _number_part(document: str, name: str, digits: str) -> Condition:
    front, back = (f"json_extract({document}, '$.{part}')" for part in ("bin", "last_4"))
    if name == "starts_with":
        return search_terms.text(front, {name: digits[:_FRONT]})
    if name == "ends_with":
        return search_terms.text(back, {name: digits[-4:]})
    if name == "contains":
        return f"instr({front}, ?) > 0 OR instr({back}, ?) > 0", [digits, digits]
    known = card_numbers.fingerprint(digits)
    return search_terms.text(f"json_extract({document}, '$.fingerprint')", {name: known})


def _whole(value: Any) -> Any:
    match = re.fullmatch(r"\s*(\d{1,2})\s*/\s*(\d{2}|\d{4})\s*", str(value))
    if match is None:
        return value
    month, year = match.groups()
    return f"{month.zfill(2)}/{year if len(year) == 4 else '20' + year}"
