"""The calls of the gateway that faults are about, and what an operator says with a correction."""

SALES = {"verb": "POST", "path": "/transactions"}
REFUNDS = {"verb": "POST", "path": "/transactions/*/refund"}
VOIDS = {"verb": "PUT", "path": "/transactions/*/void"}
SAID = {"operator": "anna", "memo": "Outage"}
