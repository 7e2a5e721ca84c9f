"""Products by dotted path, for processes that tests start."""

PLAN = {
    "name": "PLAN",
    "description": "The plan",
    "flat_rate": "10.00",
    "initial_step": 100,
    "step_cost": "5.00",
    "step": 50,
}
# Two months of it come to 2001.00 on the first invoice, which the sandbox declines as "Insufficient Funds".
SOFT = PLAN | {"name": "SOFT", "description": "Declined softly", "flat_rate": "1000.50"}

PRODUCTS = [PLAN, SOFT]
