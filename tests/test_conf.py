"""Settings: read when they are used; a missing, misspelt or wrong one is an error that names it."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given, strategies

from genbilling import conf
from genbilling.exceptions import BadSetting

READERS = {
    "PRODUCTS": conf.products,
    "PRORATE_FIRST_PERIOD": conf.prorate_first_period,
    "CURRENCY": conf.currency,
    "RETRY_DAYS": conf.retry_days,
    "MAX_TRIES": conf.max_tries,
    "CALLS_IN_FLIGHT": conf.calls_in_flight,
    "MERCHANT_ACCOUNT_ID": conf.merchant_account_id,
    "CUSTOMER": conf.customer,
    "DESCRIPTOR": conf.descriptor,
    "CUSTOM_FIELDS": conf.custom_fields,
    "INVOICE_NUMBER_FORMAT": conf.invoice_number_format,
    "EMBEDDED_DB": conf.embedded_db,
}
CREDENTIALS = ["BRAINTREE_MERCHANT_ID", "BRAINTREE_PUBLIC_KEY", "BRAINTREE_PRIVATE_KEY"]


def test_every_setting_has_a_reader_a_good_default_and_a_line_of_help():
    assert READERS.keys() == conf.SETTINGS.keys()
    for setting in conf.SETTINGS.values():
        assert setting.problem(setting.default) is None
        assert setting.help


@pytest.mark.parametrize("given", ["empty", "missing"])
def test_without_anything_set_the_defaults_hold(settings, given):
    if given == "missing":
        del settings.GENBILLING
    else:
        settings.GENBILLING = {}
    assert {name: read() for name, read in READERS.items()} == {
        "PRODUCTS": [],
        "PRORATE_FIRST_PERIOD": False,
        "CURRENCY": "USD",
        "RETRY_DAYS": None,
        "MAX_TRIES": 15,
        "CALLS_IN_FLIGHT": 8,
        "MERCHANT_ACCOUNT_ID": "",
        "CUSTOMER": None,
        "DESCRIPTOR": {},
        "CUSTOM_FIELDS": {},
        "INVOICE_NUMBER_FORMAT": "{number}",
        "EMBEDDED_DB": "braintree.sqlite3",
    }


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("PRODUCTS", "shop.products.PRODUCTS", "shop.products.PRODUCTS"),
        ("PRODUCTS", (), ()),
        ("PRORATE_FIRST_PERIOD", True, True),
        ("CURRENCY", "JPY", "JPY"),
        ("RETRY_DAYS", [1], (1,)),
        ("RETRY_DAYS", (1, 3, 5, 7), (1, 3, 5, 7)),
        ("MAX_TRIES", 1, 1),
        ("CALLS_IN_FLIGHT", 32, 32),
        ("MERCHANT_ACCOUNT_ID", "euros", "euros"),
        ("CUSTOMER", "shop.billing.customer", "shop.billing.customer"),
        ("CUSTOMER", dict, dict),
        ("DESCRIPTOR", {"name": "SHP*plan"}, {"name": "SHP*plan"}),
        ("DESCRIPTOR", {"name": "ACOMPANY.CO.*9 letters"}, {"name": "ACOMPANY.CO.*9 letters"}),
        (
            "DESCRIPTOR",
            {"phone": "555-123-4567", "url": "shop.example"},
            {"phone": "555-123-4567", "url": "shop.example"},
        ),
        (
            "CUSTOM_FIELDS",
            {"n": "{number}/{period}/{account}", "t": "{{x}}"},
            {"n": "{number}/{period}/{account}", "t": "{{x}}"},
        ),
        ("INVOICE_NUMBER_FORMAT", "INV-{year}-{number:06}", "INV-{year}-{number:06}"),
        ("EMBEDDED_DB", Path("books.sqlite3"), "books.sqlite3"),
        ("EMBEDDED_DB", ":memory:", ":memory:"),
    ],
)
def test_a_good_value_is_read_as_it_stands_now(settings, name, value, read):
    settings.GENBILLING = {name: value}
    assert READERS[name]() == read


@pytest.mark.parametrize(
    ("name", "value", "what_to_do"),
    [
        ("PRODUCTS", {"name": "PLAN"}, "list of product dicts, or the dotted path of one"),
        ("PRODUCTS", None, "list of product dicts"),
        ("PRORATE_FIRST_PERIOD", "False", "True or False"),
        ("PRORATE_FIRST_PERIOD", 1, "True or False"),
        ("PRORATE_FIRST_PERIOD", None, "True or False"),
        ("CURRENCY", "usd", r"three letters of a currency, e\.g\. \"EUR\""),
        ("CURRENCY", "EURO", "three letters"),
        ("CURRENCY", "", "three letters"),
        ("CURRENCY", None, "three letters"),
        ("CURRENCY", "KWD", "at most two decimals"),
        ("RETRY_DAYS", 3, r"rising whole numbers of days, e\.g\. \(1, 3, 5, 7\)"),
        ("RETRY_DAYS", (), "rising"),
        ("RETRY_DAYS", (3, 1), "rising"),
        ("RETRY_DAYS", (1, 1), "rising"),
        ("RETRY_DAYS", (0, 1), "rising"),
        ("RETRY_DAYS", (1.0, 2.0), "rising"),
        ("RETRY_DAYS", (True, 2), "rising"),
        ("RETRY_DAYS", "1, 3", "rising"),
        ("RETRY_DAYS", {1, 3}, "rising"),
        ("MAX_TRIES", 0, "whole number, 1 or more"),
        ("MAX_TRIES", "15", "whole number"),
        ("MAX_TRIES", True, "whole number"),
        ("MAX_TRIES", None, "whole number"),
        ("CALLS_IN_FLIGHT", -4, "whole number"),
        ("CALLS_IN_FLIGHT", 4.0, "whole number"),
        ("CALLS_IN_FLIGHT", 1001, "from 1 to 1000"),
        ("MERCHANT_ACCOUNT_ID", None, "string"),
        ("MERCHANT_ACCOUNT_ID", 7, "string"),
        ("CUSTOMER", 7, "callable or the dotted path of one"),
        ("CUSTOMER", "customer", "callable or the dotted path of one"),
        ("DESCRIPTOR", "SHP*plan", "dict of strings"),
        ("DESCRIPTOR", {"name": 7}, "dict of strings"),
        ("DESCRIPTOR", {"names": "SHP*plan"}, "no keys but name, phone and url: not 'names'"),
        ("DESCRIPTOR", {"name": "SHOP*plan"}, r"3, 7 or 12 of them before a \*"),
        ("DESCRIPTOR", {"name": "SHP*a plan of more letters"}, "22 characters at most"),
        ("DESCRIPTOR", {"phone": "555-123-456"}, "phone has ten digits"),
        ("DESCRIPTOR", {"phone": "+1 (555) 123-4567"}, "phone has ten digits"),
        ("DESCRIPTOR", {"url": "https://shop.example"}, "url has 13 characters"),
        ("CUSTOM_FIELDS", ["number"], "dict whose keys are names of custom fields"),
        ("CUSTOM_FIELDS", {"Invoice Number": "{number}"}, "dict whose keys are names"),
        ("CUSTOM_FIELDS", {"number": 7}, "texts of 255 characters at most"),
        ("CUSTOM_FIELDS", {"number": "{nummer}"}, "texts of"),
        ("CUSTOM_FIELDS", {"number": "{number:06}"}, "texts of"),
        ("CUSTOM_FIELDS", {"number": "{number"}, "texts of"),
        ("CUSTOM_FIELDS", {"number": "x" * 256}, "texts of"),
        ("INVOICE_NUMBER_FORMAT", 7, "string"),
        ("INVOICE_NUMBER_FORMAT", "INV-{year}", r"contains \{number\}"),
        ("INVOICE_NUMBER_FORMAT", "INV-{nummer}", "format with"),
        ("INVOICE_NUMBER_FORMAT", "INV-{}", "format with"),
        ("INVOICE_NUMBER_FORMAT", "{number", "format with"),
        ("INVOICE_NUMBER_FORMAT", "{number.first}", "format with"),
        ("INVOICE_NUMBER_FORMAT", "{number:08.2f}!{number:x<60}", "format with"),
        ("INVOICE_NUMBER_FORMAT", "{number:{month}}", "format with"),
        ("INVOICE_NUMBER_FORMAT", "{number!r:06}", "format with"),
        ("INVOICE_NUMBER_FORMAT", "{number}}", "format with"),
        ("INVOICE_NUMBER_FORMAT", "{number:060}", "at most 50 characters"),
        ("INVOICE_NUMBER_FORMAT", f"{'x' * 38}{{number}}", "at most 50 characters"),
        ("EMBEDDED_DB", "", "path"),
        ("EMBEDDED_DB", None, "path"),
    ],
)
def test_a_wrong_value_is_an_error_that_names_it(settings, name, value, what_to_do):
    settings.GENBILLING = {name: value}
    with pytest.raises(BadSetting, match=rf"GENBILLING\['{name}'\] is .*: it must be .*{what_to_do}"):
        READERS[name]()


@pytest.mark.parametrize(
    "layout",
    [
        "{number:d}",
        "{number:04d}",
        "{year}{number}",
        "{number}{year}",
        "{period}{number}7",
        "{month:02}{number}",
        "{month}/{number}",
        "{year}{month}-{number}{{}}",
        "{number}{month} {number}",
        f"{'x' * 37}{{number}}",
    ],
)
def test_an_invoice_number_may_be_printed_as_one_likes(settings, layout):
    settings.GENBILLING = {"INVOICE_NUMBER_FORMAT": layout}
    assert conf.invoice_number_format() == layout


@pytest.mark.parametrize(
    "layout",
    ["", "{month}", "{{number}}", "{month}{number}", "{number}{month:01}", "{month}1{year}{number}-{month}"],
)
def test_two_invoices_may_not_be_printed_the_same(settings, layout):
    settings.GENBILLING = {"INVOICE_NUMBER_FORMAT": layout}
    with pytest.raises(BadSetting, match=r"contains \{number\}, and prints no two .* or write \{month:02\}"):
        conf.invoice_number_format()


PIECES = ["{number}", "{number:03}", "{month}", "{month:02}", "{year}", "{period}", "1", "0", "-", "x", "١"]
PRINTED = [
    {"number": number, "period": 202600 + month, "year": 2026, "month": month}
    for number in (*range(1, 130), 1000, 1001, 2026, 11111)
    for month in (1, 2, 10, 11, 12)
]


@given(strategies.lists(strategies.sampled_from(PIECES), max_size=5).map("".join))
def test_no_format_that_is_taken_prints_two_numbers_the_same(layout):
    if conf.SETTINGS["INVOICE_NUMBER_FORMAT"].problem(layout) is None:
        number_of = {layout.format(**invoice): invoice["number"] for invoice in PRINTED}
        assert all(number_of[layout.format(**invoice)] == invoice["number"] for invoice in PRINTED)


def test_a_wrong_setting_is_djangos_own_kind_of_error(settings):
    settings.GENBILLING = {"MAX_TRIES": 0}
    with pytest.raises(ImproperlyConfigured):
        conf.max_tries()


@pytest.mark.parametrize("key", ["PRORATE_FIRST", "products", "RETRY_DAY", "", 7, None])
def test_a_misspelt_key_does_not_pass_for_a_default(settings, key):
    settings.GENBILLING = {key: True}
    for read in READERS.values():
        with pytest.raises(
            BadSetting, match=r"unknown key .*: the keys are PRODUCTS, .*EMBEDDED_DB"
        ) as caught:
            read()
        assert repr(key) in str(caught.value)


@pytest.mark.parametrize("value", [None, [], "PRODUCTS", 7])
def test_the_setting_itself_must_be_a_dict(settings, value):
    settings.GENBILLING = value
    with pytest.raises(BadSetting, match="GENBILLING must be a dict"):
        conf.products()


def test_every_problem_is_told_at_once(settings):
    settings.GENBILLING = {"MAX_TRIES": 0, "RETRY_DAYS": 1, "RETRIES": 1, "TRIES": 1}
    assert len(list(conf.genbilling_problems())) == 4


# Braintree


def test_the_braintree_settings_are_read_and_keep_the_private_key_to_themselves(settings):
    settings.BRAINTREE_PRIVATE_KEY = "the-private-one"
    read = conf.braintree()
    assert (read.environment, read.merchant_id, read.public_key, read.private_key) == (
        "embedded",
        "integration_merchant_id",
        "integration_public_key",
        "the-private-one",
    )
    assert "the-private-one" not in f"{read} {read!r}"


@pytest.mark.parametrize("name", ["BRAINTREE_ENVIRONMENT", *CREDENTIALS])
def test_a_missing_braintree_setting_is_an_error_that_names_it(settings, name):
    settings.BRAINTREE_ENVIRONMENT = "sandbox"
    delattr(settings, name)
    with pytest.raises(BadSetting, match=f"The setting {name} is missing"):
        conf.braintree()


def test_the_embedded_braintree_needs_no_keys(settings):
    for name in CREDENTIALS:
        delattr(settings, name)
    read = conf.braintree()
    assert (read.merchant_id, read.public_key) == ("integration_merchant_id", "integration_public_key")


@pytest.mark.parametrize("name", ["BRAINTREE_ENVIRONMENT", *CREDENTIALS])
@pytest.mark.parametrize("value", ["", None, 7, b"secret", ["production"]])
def test_a_braintree_setting_must_be_a_string_that_is_not_empty(settings, name, value):
    setattr(settings, name, value)
    with pytest.raises(BadSetting, match=f"{name} is missing: it must be a string that is not empty"):
        conf.braintree()


def test_an_error_about_a_key_does_not_show_the_others(settings):
    settings.BRAINTREE_PRIVATE_KEY = "the-private-one"
    settings.BRAINTREE_ENVIRONMENT = "staging"
    del settings.BRAINTREE_MERCHANT_ID
    problems = list(conf.braintree_problems())
    assert len(problems) == 2
    assert "the-private-one" not in "".join(problems)


@pytest.mark.parametrize(
    "environment",
    [
        "production",
        "sandbox",
        "embedded",
        "http://localhost:3000",
        "http://localhost:3000/",
        "http://LOCALHOST:3000",
        "http://127.0.0.1:3000",
        "http://127.9.9.9:80",
        "http://[::1]:3000",
    ],
)
def test_an_environment_is_one_of_braintrees_or_a_gateway_on_this_host(settings, environment):
    settings.BRAINTREE_ENVIRONMENT = environment
    assert conf.braintree().environment == environment


@pytest.mark.parametrize(
    "environment",
    [
        "Production",
        "prod",
        "production ",
        "development",
        "localhost:3000",
        "https://localhost:3000",
        "https://127.0.0.1:3000",
        "https://[::1]:3000",
        "ftp://localhost:3000",
        "http://localhost",
        "http://127.0.0.1",
        "http://localhost:",
        "http://localhost:port",
        "http://localhost:99999",
        "http://localhost:3000/merchants",
        "http://localhost:3000?test=1",
        "http://me@localhost:3000",
        "http://example.com:3000",
        "http://localhost.example.com:3000",
        "http://192.168.0.1:3000",
        "http://0.0.0.0:3000",
        "http://[2001:db8::1]:3000",
        "http://[::1:3000",
        "http://:3000",
        "http://",
    ],
)
def test_any_other_environment_is_refused_with_those_that_there_are(settings, environment):
    settings.BRAINTREE_ENVIRONMENT = environment
    with pytest.raises(BadSetting, match="must be 'production', 'sandbox', 'embedded', or the URL") as caught:
        conf.braintree()
    assert repr(environment) in str(caught.value)
