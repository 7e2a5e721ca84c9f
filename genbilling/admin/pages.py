"""The pages of the corrections, and the links to them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import django
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from .. import books
from ..exceptions import GenbillingError, Outdated
from ..services.operators import MAX_OPERATOR
from .corrections import Correction

# From this version on the admin styles its breadcrumbs as an <ol> only, before it as a <div> only.
CRUMBS_ARE_A_LIST = django.VERSION >= (6, 1)


class Correctable(admin.ModelAdmin):
    """A model's admin whose rows can be corrected, by those who have a correction's permission."""

    corrections: Sequence[Correction] = ()

    def get_urls(self) -> list[URLPattern]:
        return [*map(self._url, self.corrections), *super().get_urls()]

    def _url(self, correction: Correction) -> URLPattern:
        view = self.admin_site.admin_view(partial(self.correction_view, correction=correction))
        # ATOMIC_REQUESTS: what goes out to the gateway could not be rolled back. The outermost one is asked.
        view = transaction.non_atomic_requests(using=books.alias())(view)
        return path(f"<path:object_id>/{correction.name}/", view, name=self._url_name(correction.name))

    def _url_name(self, page: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{page}"

    def url_of(self, page: str, row: models.Model) -> str:
        """Return the URL of a page about `row`."""
        name = f"admin:{self._url_name(page)}"
        return reverse(name, args=[row.pk], current_app=self.admin_site.name)

    def object_tools(self, request: HttpRequest, row: Any) -> list[tuple[str, Any]]:
        """Return the links to what can be corrected now, and by this user: (URL, label)."""
        if not self.has_view_permission(request, row):
            return []
        return [
            (self.url_of(one.name, row), one.label)
            for one in self.corrections
            if request.user.has_perm(one.permission) and not one.hindrance(row)
        ]

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        context["object_tools"] = self.object_tools(request, obj) if obj else []
        return super().render_change_form(request, context, add, change, form_url, obj)

    def correction_view(self, request: HttpRequest, object_id: str, correction: Correction) -> HttpResponse:
        """Show the page of `correction` for one row, or carry it out."""
        row = self._correctable(request, object_id, correction)
        form = correction.form(initial=correction.initial(row))
        if request.method == "POST":
            form = correction.form(request.POST)
            if form.is_valid() and self._carry_out(request, row, correction, form):
                return HttpResponseRedirect(self.url_of("change", row))
            # What stood in the way may have moved the row.
            row.refresh_from_db()
        if hindrance := correction.hindrance(row):
            for text in form.non_field_errors() or [hindrance]:
                self.message_user(request, str(text), messages.ERROR)
            return HttpResponseRedirect(self.url_of("change", row))
        return self._page(request, row, correction, form)

    def _correctable(self, request: HttpRequest, object_id: str, correction: Correction) -> Any:
        # Without permission it is not even told whether the row exists.
        if not self.has_view_permission(request) or not request.user.has_perm(correction.permission):
            raise PermissionDenied
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        return row

    def _carry_out(self, request: HttpRequest, row: Any, correction: Correction, form: forms.Form) -> bool:
        operator = request.user.get_username()[:MAX_OPERATOR]
        try:
            done = correction.carry_out(row, operator, form.cleaned_data)
        except GenbillingError as error:
            form.add_error(None, str(error))
            if isinstance(error, Outdated):
                # It is said, and shown: sent again, the form is a new decision.
                form.data = {**request.POST.dict(), **_hidden(form, correction.initial(row))}
            return False
        self.log_change(request, row, f"{done.text} ({form.cleaned_data['memo']})")
        self.message_user(request, done.text, done.level)
        return True

    def _page(self, request: HttpRequest, row: Any, correction: Correction, form: forms.Form) -> HttpResponse:
        heads, lines = correction.earlier(row)
        context = {
            **self.admin_site.each_context(request),
            "title": correction.label,
            "subtitle": str(row),
            "opts": self.opts,
            "crumbs_are_a_list": CRUMBS_ARE_A_LIST,
            "row": row,
            "row_url": self.url_of("change", row),
            "correction": correction,
            "facts": [(name, value, self._link(request, value)) for name, value in correction.facts(row)],
            "heads": heads,
            "lines": lines,
            "form": form,
            "media": self.media + form.media,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/genbilling/correction.html", context)

    def _link(self, request: HttpRequest, value: Any) -> str:
        """Return where `value` is shown, if it is a row that this user may see."""
        pages = pages_of(self.admin_site, value)
        if pages is None or not pages.has_view_permission(request, value):
            return ""
        return pages.url_of("change", value)


def pages_of(site: admin.AdminSite, row: Any) -> Correctable | None:
    """Return the admin of `row`, if it is a row that can be corrected on `site`."""
    found = site.get_model_admin(type(row)) if site.is_registered(type(row)) else None
    return found if isinstance(found, Correctable) else None


def _hidden(form: forms.Form, initial: dict[str, Any]) -> dict[str, str]:
    return {field.html_name: str(initial[field.name]) for field in form.hidden_fields()}
