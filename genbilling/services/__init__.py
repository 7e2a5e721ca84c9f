"""The verbs: the only code that changes more than one row. `genbilling.interface` forwards to them."""
