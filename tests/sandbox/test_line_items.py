import pytest
from braintree import ErrorCodes, TransactionLineItem
from braintree.exceptions.not_found_error import NotFoundError

from .factories import errors_of, sell, try_sale

CODES = ErrorCodes.Transaction
ITEM = {
    "quantity": "1.0232",
    "name": "Name #1",
    "kind": TransactionLineItem.Kind.Debit,
    "unit_amount": "45.1232",
    "total_amount": "45.15",
}
FULL = {
    **ITEM,
    "description": "Description #1",
    "unit_tax_amount": "1.23",
    "unit_of_measure": "gallon",
    "discount_amount": "1.02",
    "tax_amount": "4.55",
    "product_code": "23434",
    "commodity_code": "9SAASSD8724",
    "url": "https://example.com/products/23434",
    "image_url": "https://example.com/products/23434.png",
    "upc_code": "042100005264",
    "upc_type": "UPC-A",
}


def wrong(**values):
    return {**ITEM, **values}


def test_line_items_are_kept_as_they_came_and_in_their_order(gateway):
    credit = wrong(name="Name #2", kind=TransactionLineItem.Kind.Credit)
    sale = sell(gateway, line_items=[FULL, credit])
    first, second = gateway.transaction_line_item.find_all(sale.id)
    for name, value in FULL.items():
        assert getattr(first, name) == value
    assert (second.name, second.kind, second.description) == ("Name #2", "credit", None)
    assert [item.name for item in sale.line_items] == ["Name #1", "Name #2"]


def test_a_sale_without_line_items_has_none(gateway):
    assert gateway.transaction_line_item.find_all(sell(gateway).id) == []
    with pytest.raises(NotFoundError):
        gateway.transaction_line_item.find_all("nope")


def test_there_are_249_line_items_at_most(gateway):
    assert len(sell(gateway, line_items=[ITEM] * 249).line_items) == 249
    result = try_sale(gateway, line_items=[ITEM] * 250)
    assert errors_of(result) == [("transaction", "line_items", CODES.TooManyLineItems)]


LINE = CODES.LineItem


@pytest.mark.parametrize(
    ("values", "attribute", "code"),
    [
        ({"commodity_code": "0123456789123"}, "commodity_code", LINE.CommodityCodeIsTooLong),
        ({"description": "X" * 128}, "description", LINE.DescriptionIsTooLong),
        ({"discount_amount": "$1.23"}, "discount_amount", LINE.DiscountAmountFormatIsInvalid),
        ({"discount_amount": "2147483648"}, "discount_amount", LINE.DiscountAmountIsTooLarge),
        ({"discount_amount": "-2"}, "discount_amount", LINE.DiscountAmountCannotBeNegative),
        ({"tax_amount": "2.012"}, "tax_amount", LINE.TaxAmountFormatIsInvalid),
        ({"tax_amount": "2147483648"}, "tax_amount", LINE.TaxAmountIsTooLarge),
        ({"tax_amount": "-2"}, "tax_amount", LINE.TaxAmountCannotBeNegative),
        ({"unit_tax_amount": "2.012"}, "unit_tax_amount", LINE.UnitTaxAmountFormatIsInvalid),
        ({"unit_tax_amount": "2147483648"}, "unit_tax_amount", LINE.UnitTaxAmountIsTooLarge),
        ({"unit_tax_amount": "-1.23"}, "unit_tax_amount", LINE.UnitTaxAmountCannotBeNegative),
        ({"kind": "sale"}, "kind", LINE.KindIsInvalid),
        ({"kind": None}, "kind", LINE.KindIsRequired),
        ({"name": None}, "name", LINE.NameIsRequired),
        ({"name": "X" * 128}, "name", LINE.NameIsTooLong),
        ({"product_code": "0123456789123"}, "product_code", LINE.ProductCodeIsTooLong),
        ({"quantity": "1,2322"}, "quantity", LINE.QuantityFormatIsInvalid),
        ({"quantity": None}, "quantity", LINE.QuantityIsRequired),
        ({"quantity": "2147483648"}, "quantity", LINE.QuantityIsTooLarge),
        ({"total_amount": "$45.15"}, "total_amount", LINE.TotalAmountFormatIsInvalid),
        ({"total_amount": None}, "total_amount", LINE.TotalAmountIsRequired),
        ({"total_amount": "2147483648"}, "total_amount", LINE.TotalAmountIsTooLarge),
        ({"total_amount": "-2"}, "total_amount", LINE.TotalAmountMustBeGreaterThanZero),
        ({"total_amount": "0"}, "total_amount", LINE.TotalAmountMustBeGreaterThanZero),
        ({"unit_amount": "45.01232"}, "unit_amount", LINE.UnitAmountFormatIsInvalid),
        ({"unit_amount": None}, "unit_amount", LINE.UnitAmountIsRequired),
        ({"unit_amount": "2147483648"}, "unit_amount", LINE.UnitAmountIsTooLarge),
        ({"unit_amount": "-2"}, "unit_amount", LINE.UnitAmountMustBeGreaterThanZero),
        ({"unit_of_measure": "1234567890123"}, "unit_of_measure", LINE.UnitOfMeasureIsTooLarge),
        ({"upc_type": "UPC-A"}, "upc_code", LINE.UPCCodeIsMissing),
        ({"upc_code": "042100005264"}, "upc_type", LINE.UPCTypeIsMissing),
        ({"upc_code": "X" * 18, "upc_type": "UPC-B"}, "upc_code", LINE.UPCCodeIsTooLong),
        ({"upc_code": "042100005264", "upc_type": "USB-C"}, "upc_type", LINE.UPCTypeIsInvalid),
    ],
)
def test_what_is_wrong_with_a_line_item_is_told(shared_sandbox_gateway, values, attribute, code):
    result = try_sale(shared_sandbox_gateway, line_items=[ITEM, wrong(**values)])
    assert errors_of(result) == [("transaction.line_items.index_1", attribute, code)]
