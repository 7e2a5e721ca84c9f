"""The billing run, a file for each chapter, in the order in which an invoice passes them.

closing (with page, filling, waiting, totals) → claims (with choosing) → steps, under_way, calls (with
pressure) → records → standing → announcing. `charging` is the loop that joins them, `dispatching` the verb,
`foretelling` its dry run; `by_hand` charges one invoice, `ending` ends a charge that would stay pending, and
`currency` compares what all of them charge in. Before charging, `checking` asks whether the books know all
sales; `adopting` takes over a lost one.
"""

from .adopting import adopt, fits
from .by_hand import correct, pending_charge, resolve, send_payment
from .closing import close_due
from .dispatching import dispatch_invoices, follow_and_announce
from .ending import end_charge

__all__ = [
    "adopt",
    "close_due",
    "correct",
    "dispatch_invoices",
    "end_charge",
    "fits",
    "follow_and_announce",
    "pending_charge",
    "resolve",
    "send_payment",
]
