"""Checks resources against the models of FHIR R4, and fails when one is not what they are.

usage: check.py < RESOURCES

Each line of the input is a resource as it was answered. The models know every element and refuse
any other; a decimal must come out with the digits with which it went in. At the end a resource that
is broken in each of three ways is checked, so that a check that finds nothing is found out.
"""

import json
import sys
from decimal import Decimal

import fhir.resources
from fhir.resources import construct_fhir_element


def amounts(value):
    """Every amount of money within, digit by digit."""
    if isinstance(value, dict):
        if "currency" in value and "value" in value:
            yield str(value["value"])
        for part in value.values():
            yield from amounts(part)
    elif isinstance(value, list):
        for part in value:
            yield from amounts(part)


def check(text):
    """Reads a resource; an error when it is none."""
    read = json.loads(text, parse_float=Decimal)
    element = construct_fhir_element(read["resourceType"], read)
    if sorted(amounts(element.dict())) != sorted(amounts(read)):
        raise ValueError("an amount has other digits")
    return read["resourceType"]


def main():
    if fhir.resources.__fhir_version__ != "4.0.1":
        sys.exit(f"these are the models of FHIR {fhir.resources.__fhir_version__}")
    kinds = {}
    for text in sys.stdin:
        try:
            kind = check(text)
        except Exception as error:
            sys.exit(f"{error}\n{text}")
        kinds[kind] = kinds.get(kind, 0) + 1
    patient = {"resourceType": "Patient", "id": "PAT-001"}
    for broken in ({"birthDate": "soon"}, {"gendre": "male"}, {"name": "Ann"}):
        try:
            check(json.dumps({**patient, **broken}))
        except Exception:
            continue
        sys.exit(f"{broken} was not missed")
    print(" ".join(f"{kind}:{count}" for kind, count in sorted(kinds.items())))


if __name__ == "__main__":
    main()
