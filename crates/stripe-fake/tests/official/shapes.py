"""Compares objects that the fake sends with the official client's types of them."""

import sys
import types
import typing
from typing import Any, Dict, ForwardRef, List, Literal, Union

import stripe
from stripe import checkout
from stripe._list_object import ListObject
from stripe._stripe_object import StripeObject, UntypedStripeObject

KINDS = {
    "checkout.session": checkout.Session,
    "payment_intent": stripe.PaymentIntent,
    "charge": stripe.Charge,
    "refund": stripe.Refund,
    "balance_transaction": stripe.BalanceTransaction,
    "dispute": stripe.Dispute,
    "payout": stripe.Payout,
    "event": stripe.Event,
}


class Names(dict):
    """The names that hints of a module use; those that only type checkers import, too."""

    def __init__(self, kind):
        super().__init__(vars(sys.modules[kind.__module__]))

    def __missing__(self, name):
        for module in (stripe, checkout, typing):
            if hasattr(module, name):
                return getattr(module, name)
        # An alias that only type checkers see, of an object that the fake never sends.
        return dict


def resolve(hint, names):
    """A type hint as a type."""
    while isinstance(hint, (str, ForwardRef)):
        text = hint if isinstance(hint, str) else hint.__forward_arg__
        hint = eval(text, {}, names)
    return hint


def fits(value, hint, names, path):
    """What is wrong with a value; nothing when it fits."""
    hint = resolve(hint, names)
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        found = [fits(value, choice, names, path) for choice in inner]
        return [] if [] in found else min(found, key=len)
    if origin is not None and isinstance(origin, type) and issubclass(origin, ListObject):
        wrong = [
            problem
            for index, item in enumerate(value["data"])
            for problem in fits(item, inner[0], names, f"{path}[{index}]")
        ]
        return wrong
    if origin in (list, List):
        if not isinstance(value, list):
            return [f"{path} is no list"]
        places = enumerate(value)
        return [p for i, item in places for p in fits(item, inner[0], names, f"{path}[{i}]")]
    if origin in (dict, Dict) or hint in (Any, dict):
        return [] if isinstance(value, dict) else [f"{path} is no object"]
    if origin is Literal:
        return [] if value in inner else [f"{path} is {value!r}, not one of {inner}"]
    if hint is type(None):
        return [] if value is None else [f"{path} is not null"]
    if origin is not None and isinstance(origin, type) and issubclass(origin, UntypedStripeObject):
        return [] if isinstance(value, dict) else [f"{path} is no object"]
    if isinstance(hint, type) and issubclass(hint, UntypedStripeObject):
        return [] if isinstance(value, dict) else [f"{path} is no object"]
    if isinstance(hint, type) and issubclass(hint, StripeObject):
        return shape(value, hint, path)
    return [] if type(value) is hint else [f"{path} is {value!r}, not {hint}"]


def may_be_none(hint, names):
    """Whether a field may be left out: the types do not tell that from null."""
    hint = resolve(hint, names)
    return type(None) in typing.get_args(hint)


def shape(value, kind, path):
    """What is wrong with an object: fields that Stripe does not have, or that are missing."""
    if not isinstance(value, dict):
        return [f"{path} is no object"]
    names = Names(kind)
    fields = {
        name: hint
        for base in reversed(kind.__mro__)
        for name, hint in vars(base).get("__annotations__", {}).items()
        if not name.startswith("_") and name != "OBJECT_NAME"
    }
    wrong = [f"{path}.{name} is not a field" for name in value if name not in fields]
    for name, hint in fields.items():
        if name in value:
            wrong += fits(value[name], hint, names, f"{path}.{name}")
        elif issubclass(kind, tuple(KINDS.values())) and not may_be_none(hint, names):
            wrong.append(f"{path}.{name} is missing")
    return wrong


def problems(value):
    """What is wrong with an object of a known kind."""
    kind = value["object"]
    wrong = shape(value, KINDS[kind], kind)
    if kind == "event":
        wrong += problems(value["data"]["object"])
    return wrong
