"""What genbilling tells the host project. Connect a receiver in an ``AppConfig.ready``.

Every signal is sent after the commit, from the process (and thread) that committed. A receiver that raises
is logged by Django (logger ``django.dispatch``), counts as served, and stops nothing. Where it raises what is
no `Exception` (``SystemExit``, say), the process ends as it asks; it counts as served all the same.
"""

from __future__ import annotations

from django.dispatch import Signal

credit_card_error = Signal()
"""An invoice could not be charged: ``receiver(invoice, charge, owner, **kwargs)``.

``charge`` is the refused :class:`~genbilling.models.Charge`, or None when the owner has no card on file.
Where ``charge.needs_owner`` is true no retry helps: ask the owner back to the card page. A charge that was
called paid, and did not settle, comes here too, days later. Delivered at least once: a receiver that must not
act twice looks at ``charge.pk``.
"""

invoice_sent = Signal()
"""An invoice was charged and is complete: ``receiver(invoice, owner, **kwargs)``. Delivered at least once."""

account_expired = Signal()
"""An account expired because an invoice was not paid: ``receiver(account, owner, **kwargs)``.

Only with ``GENBILLING["RETRY_DAYS"]``: the days are used up, and access has ended. It is active again when
everything that is owed is paid. Not sent for `expire_account`. Delivered at least once.
"""

low_capacity = Signal()
"""Usage crossed below a product's trigger: ``receiver(product, owner, remaining, **kwargs)``.

``remaining`` is the number of units left. Best effort: a process that dies between its commit and the
receiver does not send it again.
"""
