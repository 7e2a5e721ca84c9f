"""The Django app."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _

from . import embedded, triggers


class GenbillingConfig(AppConfig):
    name = "genbilling"
    verbose_name = _("Billing")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the checks, and what keeps the triggers through migrations; note the settings' places."""
        from . import checks  # noqa: F401, PLC0415 - checks read settings that exist only once apps are loaded

        embedded.remember()
        pre_migrate.connect(triggers.drop, sender=self)
        post_migrate.connect(triggers.create, sender=self)
