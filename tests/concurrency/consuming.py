"""Using a product up: what each thread does, and as `python -m tests.concurrency.consuming` each process.

The process says "ready", waits for a line, and writes what it got as JSON.
"""

import json
import random
import sys

import django

if __name__ == "__main__":
    django.setup()

from django.contrib.auth import get_user_model

from genbilling.interface import restore_product, use_product
from genbilling.signals import low_capacity

AMOUNTS = (1, 1, 2, 3, 7)


def use_up(user, name, seed, give_back=0.0):
    """Use one and several units until not one is left; return the units got, and how often none was.

    With the probability `give_back` what was just got is given back in part.
    """
    chance = random.Random(seed)
    got = refused = 0
    while True:
        amount = chance.choice(AMOUNTS)
        if use_product(name, user, amount) is False:
            refused += 1
            if amount == 1:
                return got, refused
            continue
        got += amount
        if chance.random() < give_back:
            part = chance.randint(1, amount)
            assert restore_product(name, user, part) is not False
            got -= part


if __name__ == "__main__":
    username, name, seed, give_back = sys.argv[1:]
    user = get_user_model().objects.get(username=username)
    alerts = []
    low_capacity.connect(lambda **said: alerts.append(said["remaining"]), weak=False)
    print("ready", flush=True)
    sys.stdin.readline()
    got, refused = use_up(user, name, int(seed), float(give_back))
    print(json.dumps({"got": got, "refused": refused, "alerts": alerts}))
