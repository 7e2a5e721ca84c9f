"""Data of certain industries: hotels, cruises, flights."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from braintree import ErrorCodes, Transaction

from . import amounts
from .amounts import MINOR_TOO_LARGE, AmountCodes
from .params import Params
from .validation import Errors

_INDUSTRY = ErrorCodes.Transaction.Industry
_LODGING = _INDUSTRY.Lodging
_CRUISE = _INDUSTRY.TravelCruise
_FLIGHT = _INDUSTRY.TravelFlight
_LEG = _INDUSTRY.Leg.TravelFlight
_CHARGE = _INDUSTRY.AdditionalCharge
_TYPE = Transaction.IndustryType

_PACKAGES = ("flight", "hotel", "car", "both", "other", "car_rental_reservation", "airline_reservation")
_CHARGES = tuple(value for name, value in vars(Transaction.AdditionalCharge).items() if name[0] != "_")
_FLIGHT_LENGTHS = {
    "customer_code": (17, _FLIGHT.CustomerCodeIsTooLong),
    "issuing_carrier_code": (4, _FLIGHT.IssuingCarrierCodeIsTooLong),
    "passenger_middle_initial": (1, _FLIGHT.PassengerMiddleInitialIsTooLong),
    "ticket_number": (15, _FLIGHT.TicketNumberIsTooLong),
}
_LEG_LENGTHS = {
    "arrival_airport_code": (5, _LEG.ArrivalAirportCodeIsTooLong),
    "carrier_code": (4, _LEG.CarrierCodeIsTooLong),
    "conjunction_ticket": (15, _LEG.ConjunctionTicketIsTooLong),
    "coupon_number": (2, _LEG.CouponNumberIsTooLong),
    "departure_airport_code": (5, _LEG.DepartureAirportCodeIsTooLong),
    "exchange_ticket": (15, _LEG.ExchangeTicketIsTooLong),
    "fare_basis_code": (15, _LEG.FareBasisCodeIsTooLong),
    "service_class": (2, _LEG.ServiceClassIsTooLong),
}
_LEG_TIMES = {
    "arrival_time": _LEG.ArrivalTimeFormatIsInvalid,
    "departure_time": _LEG.DepartureTimeFormatIsInvalid,
}
MAX_LEGS = 20


def check(params: Params, errors: Errors) -> None:
    """Add an error for each part of ``industry`` that is not acceptable. None of it is shown again."""
    if not params.values.get("industry"):
        return
    industry, here = params.section("industry"), errors.under("industry")
    data = industry.section("data")
    match industry.text("industry_type"):
        case _TYPE.Lodging:
            _check_lodging(data, here)
        case _TYPE.TravelAndCruise:
            _check_cruise(data, here)
        case _TYPE.TravelAndFlight:
            _check_flight(data, here)
        case _:
            here.add("industry_type", _INDUSTRY.IndustryTypeIsInvalid)


def _check_lodging(data: Params, errors: Errors) -> None:
    if not data.values:
        errors.add("industry_type", _LODGING.EmptyData)
        return
    if not re.fullmatch(r"[A-Za-z0-9-]{0,25}", data.text("folio_number") or ""):
        errors.add("folio_number", _LODGING.FolioNumberIsInvalid)
    check_in = _date(data, "check_in_date", _LODGING.CheckInDateIsInvalid, errors)
    check_out = _date(data, "check_out_date", _LODGING.CheckOutDateIsInvalid, errors)
    if check_in and check_out and check_out < check_in:
        errors.add("check_out_date", _LODGING.CheckOutDateMustFollowCheckInDate)
    for name, codes in {
        "room_rate": (
            _LODGING.RoomRateFormatIsInvalid,
            _LODGING.RoomRateMustBeGreaterThanZero,
            _LODGING.RoomRateIsTooLarge,
        ),
        "room_tax": (
            _LODGING.RoomTaxFormatIsInvalid,
            _LODGING.RoomTaxMustBeGreaterThanZero,
            _LODGING.RoomTaxIsTooLarge,
        ),
    }.items():
        _amount(data, name, codes, errors)
    for name, code in {
        "no_show": _LODGING.NoShowIndicatorIsInvalid,
        "advanced_deposit": _LODGING.AdvancedDepositIndicatorIsInvalid,
        "fire_safe": _LODGING.FireSafetyIndicatorIsInvalid,
    }.items():
        if data.text(name) not in (None, "true", "false"):
            errors.add(name, code)
    if not re.fullmatch(r"[0-9+() .-]{10,20}", data.text("property_phone") or "0000000000"):
        errors.add("property_phone", _LODGING.PropertyPhoneIsInvalid)
    _check_charges(data.sections("additional_charges"), errors.under("additional_charges"))


def _check_charges(charges: list[Params], errors: Errors) -> None:
    seen: set[str | None] = set()
    for place, charge in enumerate(charges):
        here, kind, amount = errors.under(f"index_{place}"), charge.text("kind"), charge.text("amount")
        if kind not in _CHARGES:
            here.add("kind", _CHARGE.KindIsInvalid)
        elif kind in seen:
            here.add("kind", _CHARGE.KindMustBeUnique)
        seen.add(kind)
        if amount is None:
            here.add("amount", _CHARGE.AmountIsRequired)
            continue
        codes = (_CHARGE.AmountFormatIsInvalid, _CHARGE.AmountMustBeGreaterThanZero, _CHARGE.AmountIsTooLarge)
        if _amount(charge, "amount", codes, here) == 0:
            here.add("amount", _CHARGE.AmountMustBeGreaterThanZero)


def _check_cruise(data: Params, errors: Errors) -> None:
    if not data.values:
        errors.add("industry_type", _CRUISE.EmptyData)
        return
    if data.text("travel_package") not in (None, *_PACKAGES):
        errors.add("travel_package", _CRUISE.TravelPackageIsInvalid)
    _date(data, "departure_date", _CRUISE.DepartureDateIsInvalid, errors)
    _date(data, "lodging_check_in_date", _CRUISE.LodgingCheckInDateIsInvalid, errors)
    _date(data, "lodging_check_out_date", _CRUISE.LodgingCheckOutDateIsInvalid, errors)


def _check_flight(data: Params, errors: Errors) -> None:
    if not data.values:
        errors.add("industry_type", _FLIGHT.EmptyData)
        return
    if data.text("restricted_ticket") is None:
        errors.add("restricted_ticket", _FLIGHT.RestrictedTicketIsRequired)
    _lengths(data, _FLIGHT_LENGTHS, errors)
    _amounts(data, _FLIGHT, errors)
    _date(data, "issued_date", _FLIGHT.IssuedDateFormatIsInvalid, errors)
    legs = data.values.get("legs")
    if legs is not None and not isinstance(legs, list):
        errors.add("legs", _FLIGHT.LegsExpected)
    if len(data.sections("legs")) > MAX_LEGS:
        errors.add("legs", _FLIGHT.TooManyLegs)
    for place, leg in enumerate(data.sections("legs")):
        here = errors.under("legs").under(f"index_{place}")
        _lengths(leg, _LEG_LENGTHS, here)
        _amounts(leg, _LEG, here)
        for name, code in _LEG_TIMES.items():
            if not re.fullmatch(r"([01]\d|2[0-3]):?[0-5]\d", leg.text(name) or "00:00"):
                here.add(name, code)


def _lengths(data: Params, limits: dict[str, tuple[int, str]], errors: Errors) -> None:
    for name, (limit, code) in limits.items():
        if len(data.text(name) or "") > limit:
            errors.add(name, code)


def _amounts(data: Params, codes: Any, errors: Errors) -> None:
    for name in ("fare", "fee", "tax"):
        title = name.capitalize()
        wrong = [getattr(codes, f"{title}Amount{end}") for end in ("FormatIsInvalid", "CannotBeNegative")]
        _amount(data, f"{name}_amount", (*wrong, getattr(codes, f"{title}AmountIsTooLarge")), errors)


def _amount(data: Params, name: str, codes: tuple[str, str, str], errors: Errors) -> int | None:
    text = data.text(name)
    if text is None:
        return None
    return amounts.read(text, name, AmountCodes(*codes), errors, limit=MINOR_TOO_LARGE)


def _date(data: Params, name: str, code: str, errors: Errors) -> date | None:
    text = data.text(name)
    if text is None:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        errors.add(name, code)
        return None
