"""Lists the parameters that Stripe's official Python client knows for each endpoint of the fake.

    python tools/parameters.py > parameters.txt

The types of the client are made from Stripe's own description of its API, so what is not in them
is not in the API. A line is one parameter: its path, then what fits. `[]` stands for a place in a
list, `[*]` for a key of one's own, and `!` before the path for what must be there whenever the
object around it is. A test runs this with the pinned client and compares.
"""

import sys
import types
from typing import Dict, ForwardRef, List, Union

from stripe import _api_version, _version, params
from stripe._request_options import RequestOptions
from stripe.params import checkout
from typing_extensions import Literal, NotRequired, Required, get_args, get_origin, is_typeddict

ENDPOINTS = [
    ("POST /v1/checkout/sessions", checkout.SessionCreateParams),
    ("GET /v1/checkout/sessions", checkout.SessionListParams),
    ("GET /v1/checkout/sessions/{id}", checkout.SessionRetrieveParams),
    ("POST /v1/checkout/sessions/{id}/expire", checkout.SessionExpireParams),
    ("GET /v1/payment_intents", params.PaymentIntentListParams),
    ("GET /v1/payment_intents/{id}", params.PaymentIntentRetrieveParams),
    ("POST /v1/payment_intents/{id}/cancel", params.PaymentIntentCancelParams),
    ("POST /v1/payment_intents/{id}/capture", params.PaymentIntentCaptureParams),
    ("GET /v1/charges", params.ChargeListParams),
    ("GET /v1/charges/{id}", params.ChargeRetrieveParams),
    ("POST /v1/refunds", params.RefundCreateParams),
    ("GET /v1/refunds", params.RefundListParams),
    ("GET /v1/refunds/{id}", params.RefundRetrieveParams),
    ("POST /v1/refunds/{id}/cancel", params.RefundCancelParams),
    ("GET /v1/balance_transactions", params.BalanceTransactionListParams),
    ("GET /v1/balance_transactions/{id}", params.BalanceTransactionRetrieveParams),
    ("GET /v1/disputes", params.DisputeListParams),
    ("GET /v1/disputes/{id}", params.DisputeRetrieveParams),
    ("GET /v1/payouts", params.PayoutListParams),
    ("GET /v1/payouts/{id}", params.PayoutRetrieveParams),
    ("GET /v1/events", params.EventListParams),
    ("GET /v1/events/{id}", params.EventRetrieveParams),
]

NAMES = {int: "integer", bool: "boolean", str: "string", float: "number"}
CLIENT_OPTIONS = set(RequestOptions.__annotations__)


def resolve(hint, names):
    """A type hint as a type: hints are texts where types name each other."""
    while isinstance(hint, (str, ForwardRef)):
        text = hint if isinstance(hint, str) else hint.__forward_arg__
        hint = eval(text, names)
    return hint


class Endpoint:
    """What one endpoint takes: path to the words for what fits."""

    def __init__(self, kind):
        self.fits = {}
        self.required = set()
        names = vars(sys.modules[kind.__module__])
        for key, hint in kind.__annotations__.items():
            if key not in CLIENT_OPTIONS:
                self.walk(key, hint, names, key in kind.__required_keys__)

    def walk(self, path, hint, names, required):
        """Follows a hint down to what a form can hold."""
        hint = resolve(hint, names)
        origin, inner = get_origin(hint), get_args(hint)
        if origin in (NotRequired, Required):
            self.walk(path, inner[0], names, origin is Required)
        elif required:
            self.required.add(path)
            self.walk(path, hint, names, False)
        elif is_typeddict(hint):
            names = vars(sys.modules[hint.__module__])
            self.fits.setdefault(path, set())
            for key, field in hint.__annotations__.items():
                self.walk(f"{path}[{key}]", field, names, key in hint.__required_keys__)
        elif origin in (Union, types.UnionType):
            for choice in inner:
                self.walk(path, choice, names, False)
        elif origin in (list, List):
            self.fits.setdefault(path, set())
            self.walk(f"{path}[]", inner[0], names, False)
        elif origin in (dict, Dict):
            self.fits.setdefault(path, set())
            self.walk(f"{path}[*]", inner[1], names, False)
        elif origin is Literal:
            words = {f"={word}" if word else "empty" for word in inner}
            self.fits.setdefault(path, set()).update(words)
        elif hint in NAMES:
            self.fits.setdefault(path, set()).add(NAMES[hint])
        elif hint.__name__ != "UntypedStripeObject":
            self.fits.setdefault(path, set()).add("string")

    def lines(self):
        """One line for each parameter, sorted."""
        for path in sorted(self.fits):
            words = self.fits[path]
            if any(word.startswith("=") for word in words):
                # The client lets words pass that are newer than itself; Stripe does not.
                words = words - {"string"}
            mark = "!" if path in self.required else ""
            yield f"{mark}{path} {'|'.join(sorted(words))}".rstrip()


def main():
    """Prints the list."""
    print("# Made by tools/parameters.py; do not edit.")
    print(f"# stripe {_version.VERSION} from PyPI, API {_api_version._ApiVersion.CURRENT}")
    for name, kind in ENDPOINTS:
        print(f"\n{name}")
        for line in Endpoint(kind).lines():
            print(line)


main()
