"""What was run: a row for each run of a command, and the moments that `restore_products` goes by."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from ..books import BooksManager


class Run(models.Model):
    """A run of one of the four commands, or of the job of that name; a dry run leaves no row."""

    command = models.CharField(_("command"), max_length=50)
    period = models.PositiveIntegerField(_("period"), help_text=_("YYYYMM"))
    begun_at = models.DateTimeField(_("begun at"), auto_now_add=True)
    ended_at = models.DateTimeField(
        _("ended at"), null=True, blank=True, help_text=_("Empty: it is under way, was killed, or failed.")
    )
    counts = models.JSONField(_("counts"), default=dict, blank=True)

    objects = BooksManager()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("run")
        verbose_name_plural = _("runs")

    def __str__(self) -> str:
        return f"{self.command} {self.period}"


class RestoreMoment(models.Model):
    """The moment of a period: products that were sold up to it are restored in that period, once.

    The period's first run fixes it, and those beside it or after it go by the same; so what was sold since
    keeps what it used, however often a run comes. ``--force`` fixes a new one.
    """

    period = models.PositiveIntegerField(_("period"), unique=True, help_text=_("YYYYMM"))
    # By the clock of the project, as the date of a sale is: the two are compared.
    moment = models.DateTimeField(_("moment"))

    objects = BooksManager()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("moment of restoring")
        verbose_name_plural = _("moments of restoring")

    def __str__(self) -> str:
        return f"moment of {self.period}"
