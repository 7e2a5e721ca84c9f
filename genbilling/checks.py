"""System checks: every wrong setting or declaration, with an id and a hint."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from . import books, catalogue, conf, embedded
from .exceptions import BadSetting
from .gateway import place_in_settings
from .models import Installation, Product
from .periods import get_current_billing_period
from .services import installations

SUPPORTED = {"postgresql", "sqlite"}


@register("genbilling")
def check_settings(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> Iterable[CheckMessage]:
    """E001: the GENBILLING dict. E002: the BRAINTREE settings."""
    for problem in conf.genbilling_problems():
        yield Error(problem, hint="The README lists the settings.", id="genbilling.E001")
    for problem in conf.braintree_problems():
        yield Error(
            problem,
            hint='BRAINTREE_ENVIRONMENT = "embedded" with any credentials of the sandbox needs no Braintree.',
            id="genbilling.E002",
        )


@register("genbilling")
def check_time_zone(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> Iterable[CheckMessage]:
    """E006: without time zone support nobody can say in which month a charge was made."""
    if not settings.USE_TZ:
        yield Error(
            "USE_TZ is False: genbilling needs time zone support.",
            hint="Set USE_TZ = True.",
            id="genbilling.E006",
        )


@register("genbilling")
def check_products(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> Iterable[CheckMessage]:
    """E003: the product declarations."""
    if list(conf.genbilling_problems()):
        return
    keys = "A product needs name, description, flat_rate, initial_step, step_cost and step."
    path = 'The path "shop.products.PRODUCTS" leads to what is called PRODUCTS in the file shop/products.py.'
    for problem in catalogue.problems():
        hint = path if catalogue.NOT_IMPORTED in problem else keys
        yield Error(problem, hint=hint, id="genbilling.E003")


@register("genbilling", deploy=True)
def check_production(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> Iterable[CheckMessage]:
    """E004 (with --deploy): the gateway is not Braintree's own."""
    environment = getattr(settings, "BRAINTREE_ENVIRONMENT", None)
    if environment == "production":
        return
    offline = environment == "embedded" and not list(conf.genbilling_problems()) and not embedded.problem()
    where = f" Its books are in {embedded.path()}." if offline else ""
    yield Error(
        f"BRAINTREE_ENVIRONMENT is {environment!r}: no real card is charged.{where}",
        hint='Set it to "production" where this is the live site.',
        id="genbilling.E004",
    )


@register("genbilling")
def check_embedded(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> Iterable[CheckMessage]:
    """E009: the embedded Braintree has nowhere to keep its books."""
    if getattr(settings, "BRAINTREE_ENVIRONMENT", None) != "embedded" or list(conf.genbilling_problems()):
        return
    if problem := embedded.problem():
        yield Error(
            problem,
            hint='Set GENBILLING["EMBEDDED_DB"] to a file in a folder that there is, with its whole path.',
            id="genbilling.E009",
        )


@register("genbilling")
def check_database(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> Iterable[CheckMessage]:
    """E005: a database that genbilling does not run on. W001: SQLite without immediate transactions."""
    vendor = books.connection().vendor
    if vendor not in SUPPORTED:
        yield Error(
            f"genbilling does not run on {vendor}.",
            hint="Use PostgreSQL, or SQLite for development: others lack what keeps the books right.",
            id="genbilling.E005",
        )
    elif vendor == "sqlite" and not _begins_immediately():
        yield Warning(
            "SQLite without immediate transactions: concurrent billing may fail with 'database is locked'.",
            hint='Add "OPTIONS": {"transaction_mode": "IMMEDIATE"} to the database.',
            id="genbilling.W001",
        )


@register("genbilling")
def check_autocommit(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> Iterable[CheckMessage]:
    """E007: what is written before a card is asked would not be committed."""
    settings_of_books = books.connection().settings_dict
    if not settings_of_books.get("AUTOCOMMIT", True):
        yield Error(
            f"The database {books.alias()!r}, where the books are, has AUTOCOMMIT: False.",
            hint='Take "AUTOCOMMIT": False out of it: genbilling commits before it asks the gateway.',
            id="genbilling.E007",
        )


@register("genbilling")
def check_router(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> Iterable[CheckMessage]:
    """E008: the books, or the users that they are about, are in more than one database."""
    for problem in books.misplaced():
        yield Error(
            problem,
            hint="Let the DATABASE_ROUTERS write the app genbilling and the users to one database.",
            id="genbilling.E008",
        )


@register("genbilling", Tags.database)
def check_held_products(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> Iterable[CheckMessage]:
    """W002: a product that accounts hold is declared no more.

    Django looks at the database with ``--database``, since 6.1 without it.
    """
    connection = books.connection()
    if connection.alias not in (databases or ()) or connection.vendor not in SUPPORTED:
        return
    if Product._meta.db_table not in connection.introspection.table_names():
        return
    try:
        declared = set(catalogue.declarations())
    except BadSetting:
        return
    held = Product.objects.in_period(get_current_billing_period()).exclude(name__in=declared)
    for name in held.order_by("name").values_list("name", flat=True).distinct():
        yield Warning(
            f"Product {name!r} is held by accounts but not declared any more: it goes on being billed.",
            hint="Declare it again, or end it with remove_product_from_account().",
            id="genbilling.W002",
        )


@register("genbilling", Tags.database)
def check_merchant(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> Iterable[CheckMessage]:
    """E010: the settings point at another merchant than the books belong to. The verbs refuse it, too."""
    connection = books.connection()
    if connection.alias not in (databases or ()) or connection.vendor not in SUPPORTED:
        return
    if Installation._meta.db_table not in connection.introspection.table_names():
        return
    try:
        strange = installations.problem(place_in_settings())
    except BadSetting:
        return
    if strange:
        yield Error(strange, hint=installations.WAY_OUT, id="genbilling.E010")


def _begins_immediately() -> bool:
    options = books.connection().settings_dict.get("OPTIONS", {})
    return bool(options.get("transaction_mode") == "IMMEDIATE")
