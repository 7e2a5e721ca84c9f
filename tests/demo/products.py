"""What the demo's project sells.

In Braintree's sandbox the amount decides: from 2000.00 to 2999.99 a charge is declined, with the amount as
the code. Two products cost half of such an amount, so that the first invoice, for two months, is declined.
"""

PRODUCTS = [
    {
        "name": "MSG",
        "description": "Private messages",
        "flat_rate": "9.99",
        "initial_step": 1000,
        "step_cost": "7.99",
        "step": 1000,
        "periodic": True,
        "trigger": 200,
    },
    {
        "name": "ANS_SERV_STAFF",
        "description": "Answering service for staff",
        "flat_rate": "0",
        "initial_step": 0,
        "step_cost": "10.00",
        "step": 1,
        "periodic": False,
    },
    {
        "name": "STORAGE",
        "description": "Storage",
        "flat_rate": "31.00",
        "initial_step": 100,
        "step_cost": "5.00",
        "step": 50,
    },
    {
        "name": "CAMPAIGNS",
        "description": "Campaigns",
        "flat_rate": "1000.50",
        "initial_step": 10,
        "step_cost": "100.00",
        "step": 1,
    },
    {
        "name": "ARCHIVE",
        "description": "Archive",
        "flat_rate": "1002.00",
        "initial_step": 10,
        "step_cost": "100.00",
        "step": 1,
    },
]
