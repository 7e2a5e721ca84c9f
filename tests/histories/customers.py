"""What customers do: accounts, the users on them, products, steps, use."""

from contextlib import nullcontext
from decimal import Decimal

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, precondition, rule

from genbilling import interface
from genbilling.exceptions import AlreadyInAccount, NoAccount, NotInGoodStanding, ProductNotHeld
from tests.factories import GOOD_CARD, a_user
from tests.histories.expected import BILLABLE, GOOD_STANDING, Customer
from tests.histories.world import DECLARATIONS

MOST_OWNERS = 3
MOST_USERS = 6

names = st.sampled_from(sorted(DECLARATIONS))
starts = st.sampled_from(["2026-09-10 12:00", "2027-01-31 23:30", "2027-12-01 00:00"])


def raises(error):
    """The block has to raise `error`, or nothing where that is None."""
    return pytest.raises(error) if error else nullcontext()


class CustomersMixin(RuleBasedStateMachine):
    """Needs `self.world`. Users are known by their names."""

    owners = Bundle("owners")
    users = Bundle("users")

    def __init__(self):
        super().__init__()
        self.people, self.customers, self.places = {}, {}, {}

    @initialize(
        targets=(owners, users),
        moment=starts,
        steps=st.integers(0, 2),
        used=st.integers(0, 5),
    )
    def a_customer_with_a_good_card(self, moment, steps, used):
        self.world.begin(moment)
        name = self.new_owner(trial=False)
        interface.save_card(self.people[name], GOOD_CARD)
        for product in DECLARATIONS:
            self.add_product_to_account(product, name)
        if steps:
            self.add_step_to_product("PLAN", name, steps)
        if used:
            self.use_product("PLAN", name, used)
        return name

    def new_person(self, kind):
        name = f"{kind}{len(self.people) + 1}"
        self.people[name] = a_user(name)
        return name

    def new_owner(self, trial):
        name = self.new_person("owner")
        interface.new_account(self.people[name], trial=trial)
        self.customers[name] = Customer(status="trial" if trial else "active")
        self.places[name] = name
        return name

    def customer_of(self, user):
        return self.customers.get(self.places.get(user))

    @rule(name=names, user=users)
    def add_product_to_account(self, name, user):
        customer = self.customer_of(user)
        refusal = None
        if customer is None:
            refusal = NoAccount
        elif customer.status not in GOOD_STANDING:
            refusal = NotInGoodStanding
        with raises(refusal):
            interface.add_product_to_account(name, self.people[user])
        if refusal is None:
            customer.start(name, self.world.declared[name], self.world.period)

    @rule(targets=(owners, users), trial=st.booleans(), product=names)
    @precondition(lambda self: len(self.customers) < MOST_OWNERS)
    def new_account(self, trial, product):
        name = self.new_owner(trial)
        self.add_product_to_account(product, name)
        return name

    @rule(target=users, owner=owners)
    @precondition(lambda self: len(self.people) < MOST_USERS)
    def add_child_user(self, owner):
        name = self.new_person("child")
        self.place(name, owner)
        return name

    @rule(user=users, owner=owners)
    def add_or_remove_user_account(self, user, owner):
        """Take a child user off the account, or put another user on it, which is refused to those on one."""
        if user != owner and self.places.get(user) == owner:
            interface.remove_user_account(self.people[user], self.people[owner])
            del self.places[user]
            return
        with raises(NoAccount):
            interface.remove_user_account(self.people[user], self.people[owner])
        with raises(AlreadyInAccount if user in self.places else None):
            self.place(user, owner)

    def place(self, user, owner):
        interface.add_user_account(self.people[user], self.people[owner])
        self.places[user] = owner

    @rule(owner=owners, status=st.sampled_from(["active", "cancelled", "expired"]))
    def change_status(self, owner, status):
        customer, period = self.customers[owner], self.world.period
        if status == "active":
            interface.activate_account(self.people[owner])
            if customer.status not in BILLABLE:
                customer.activate(self.world.declared, period)
        else:
            end = interface.cancel_account if status == "cancelled" else interface.expire_account
            end(self.people[owner])
            customer.end(status, period)

    @rule(name=names, user=users)
    def remove_product_from_account(self, name, user):
        if self.changes_product(interface.remove_product_from_account, name, user):
            self.customer_of(user).remove(name, self.world.period)

    @rule(name=names, choice=st.integers(0, 2), user=users)
    def update_product_terms(self, name, choice, user):
        choices = DECLARATIONS[name]
        self.world.declared[name] = choices[choice % len(choices)]
        self.world.declare()
        if self.changes_product(interface.update_product_terms, name, user):
            holding = self.customer_of(user).held(name, self.world.period)
            holding.change_terms(self.world.declared[name], self.world.period, self.customer_of(user).closed)

    def changes_product(self, verb, name, user):
        customer = self.customer_of(user)
        held = customer and customer.held(name, self.world.period)
        refusal = NoAccount if customer is None else ProductNotHeld
        with raises(None if held else refusal):
            verb(name, self.people[user])
        return held

    @rule(name=names, user=users, amount=st.integers(1, 3))
    def add_step_to_product(self, name, user, amount):
        self.compare_remaining(interface.add_step_to_product, name, user, amount, self.buy_steps)

    @rule(name=names, user=users, amount=st.integers(1, 6))
    def use_product(self, name, user, amount):
        self.compare_remaining(interface.use_product, name, user, amount, self.use)

    @rule(name=names, user=users, amount=st.integers(1, 6))
    def restore_product(self, name, user, amount):
        self.compare_remaining(interface.restore_product, name, user, amount, self.give_back)

    def compare_remaining(self, verb, name, user, amount, expect):
        """The verb returns what is left by our own count, or False where that is refused."""
        customer = self.customer_of(user)
        with raises(NoAccount if customer is None else None):
            left = verb(name, self.people[user], amount)
        if customer is not None:
            holding = customer.usable(name, self.world.period)
            done = bool(holding) and expect(customer, holding, amount)
            assert left == (max(holding.capacity - holding.used, 0) if done else False)
            assert bool(left) is done, "what is left is always true, a refusal never"

    def buy_steps(self, customer, holding, amount):
        customer.buy_steps(holding.name, amount, self.world.period)
        return True

    def use(self, customer, holding, amount):
        fits = holding.used + amount <= holding.capacity
        holding.used += amount if fits else 0
        return fits

    def give_back(self, customer, holding, amount):
        holding.used = max(holding.used - amount, 0)
        return True

    @rule(owner=owners, amount=st.integers(-40, 40).filter(bool))
    def add_credit_or_debit(self, owner, amount):
        add = interface.add_debit if amount > 0 else interface.add_credit
        add(self.people[owner], abs(amount), operator="anna", memo="Correction")
        self.customers[owner].put("", Decimal(amount), self.world.period)
