"""How rules are written."""

from decimal import Decimal

import pytest

from genbilling.sandbox import Fault, FaultError
from genbilling.sandbox.fault_effects import EFFECTS

from .connections import ROOT


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("timeout", Fault("timeout", when="before")),
        (
            "timeout after POST /transactions times=1",
            Fault("timeout", when="after", verb="POST", path="/transactions", times=1),
        ),
        ("503 */void nth=2", Fault("status", status=503, path="*/void", nth=2)),
        ("915233 after", Fault("code", code="915233", when="after")),
        ("decline code=2001 token=abc", Fault("decline", code="2001", token="abc")),
        ("latency seconds=0.2 jitter=0.1", Fault("latency", seconds=0.2, jitter=0.1)),
        (
            "limit requests=50 POST /transactions",
            Fault("limit", requests=50, verb="POST", path="/transactions"),
        ),
        ("limit requests=10 seconds=60", Fault("limit", requests=10, seconds=60.0)),
        ("reset probability=0.1 seed=7", Fault("reset", probability=0.1, seed=7)),
        ("status status=500 'order-id=a b'", Fault("status", status=500, order_id="a b")),
        ('{"effect": "empty", "status": 201}', Fault("empty", status=201)),
    ],
)
def test_a_rule_can_be_written_in_one_line(text, fault):
    assert Fault.from_text(text) == fault
    assert Fault.from_dict(fault.to_dict()) == fault


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "needs an effect"),
        ("explode", "'explode' is no effect; there are timeout, "),
        ("timeout sometimes", "'sometimes' is neither before or after"),
        ("timeout colour=red", "has no 'colour'"),
        ("timeout nth=two", "nth of a fault must be a number"),
        ("timeout nth=0", "1 or more"),
        ("timeout times=0", "1 or more"),
        ("timeout verb=PATCH", "none of GET, POST"),
        ("timeout path=transactions", "begins with /"),
        ("timeout probability=2", "from 0 to 1"),
        ("timeout seconds=-1", "from 0 to 86400"),
        ("timeout code=2000", "takes no code"),
        ("refuse after", "happens before the work, not 'after'"),
        ("status", "needs status"),
        ("99", "from 200 to 599"),
        ("code code=91501", "there are 915230, "),
        ("decline code=1000", "give 2000 to 3000, or one of application_incomplete"),
        ("amount amount=1", "write it as 10.00"),
        ("latency", "needs seconds"),
        ("limit seconds=1", "needs requests"),
        ("limit requests=-1 seconds=1", "0 or more"),
        ("latency seconds=1 jitter=-1", "jitter from 0"),
        ("timeout 'after", "cannot be read"),
        ('{"effect": ', "JSON of a fault cannot be read"),
        ('{"effect": "timeout", "nth": [1]}', "cannot be [1]"),
    ],
)
def test_a_rule_that_makes_no_sense_is_explained(text, complaint):
    with pytest.raises(FaultError) as wrong:
        Fault.from_text(text)
    assert complaint in str(wrong.value)


def test_numbers_may_be_written_as_texts_and_texts_as_numbers():
    assert Fault("decline", code=2001) == Fault("decline", code="2001")
    assert Fault("status", status="503", times="1") == Fault("status", status=503, times=1)
    assert Fault("amount", amount=Decimal("10.00")) == Fault("amount", amount="10.00")
    with pytest.raises(FaultError, match="must be a number"):
        Fault("latency", seconds="long")


def test_every_effect_is_documented():
    page = (ROOT / "docs" / "testing.rst").read_text()
    for name in EFFECTS:
        assert f"\n``{name}`` " in page
