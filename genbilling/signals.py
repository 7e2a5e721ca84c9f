"""What genbilling tells the host project. Connect a receiver in an ``AppConfig.ready``.

Every signal is sent after the commit, from the process (and thread) that committed. A receiver that raises
is logged by Django (logger ``django.dispatch``), counts as served, and stops nothing.
"""

from __future__ import annotations

from django.dispatch import Signal

credit_card_error = Signal()
"""An invoice could not be charged: ``receiver(invoice, charge, owner, **kwargs)``.

``charge`` is the refused :class:`~genbilling.models.Charge`, or None when the owner has no card on file.
Delivered at least once: a receiver that must not act twice looks at ``charge.pk``.
"""

invoice_sent = Signal()
"""An invoice was charged and is complete: ``receiver(invoice, owner, **kwargs)``. Delivered at least once."""

low_capacity = Signal()
"""Usage crossed below a product's trigger: ``receiver(product, owner, remaining, **kwargs)``.

``remaining`` is the number of units left. Best effort: a process that dies between its commit and the
receiver does not send it again.
"""
