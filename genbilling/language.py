"""The language of invoices: the project's ``LANGUAGE_CODE``, whatever a visitor or a middleware chose."""

from __future__ import annotations

from django.conf import settings
from django.utils import translation


def invoice_language() -> translation.override:
    """Return a context in which texts are in the language of invoices; the one before comes back after it."""
    return translation.override(settings.LANGUAGE_CODE)
