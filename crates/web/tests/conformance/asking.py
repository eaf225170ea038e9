"""What the description cannot say of how to ask: the keys, X12, and what makes two requests one."""

import itertools
import json
import os
from pathlib import Path

import schemathesis

# A key may ask at a steady pace; several take turns, so that none is told to wait.
KEYS = itertools.cycle(os.environ["ALMONER_KEYS"].split())
X12 = "application/edi-x12"
CSV = "text/csv"
# A file that is one of patients and one of treatments.
RECORDS = (
    "last_name,first_name,date_of_birth,patient,service_date,service_time,location\n"
    "Sample,Pat,1980-02-03,PAT-001,2026-01-05,09:30,LOC-001\n"
)
FHIR = "application/fhir+json"
PATIENT = {
    "resourceType": "Patient",
    "name": [{"family": "Sample", "given": ["Pat"]}],
    "birthDate": "1980-02-03",
}
BUNDLE = json.dumps(
    {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": PATIENT}]}
)
ANSWER = Path(os.environ["ALMONER_ANSWER"]).read_text()
NUMBERS = itertools.count(1)


@schemathesis.auth(refresh_interval=None)
class Key:
    def get(self, case, context):
        return next(KEYS)

    def set(self, case, data, context):
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.serializer(X12, CSV, FHIR)
def text(context, value):
    return str(value).encode()


@schemathesis.hook
def before_call(context, case, **kwargs):
    headers = case.headers or {}
    key = headers.get("Idempotency-Key")
    # A generator says "0" again and again; a program names each request anew.
    if isinstance(key, str) and key.isascii() and key.isprintable() and 0 < len(key.strip()) < 200:
        headers["Idempotency-Key"] = f"{key.strip()}-{next(NUMBERS)}"
    # No generator writes X12 or a table: every other time, a request that is meant to be well formed
    # hands in an answer of a payer, a file of records or a bundle.
    is_meant_well = case.meta is not None and case.meta.generation.mode.is_positive
    if case.media_type == X12 and is_meant_well and next(NUMBERS) % 2 == 0:
        case.body = ANSWER
    if case.media_type == CSV and is_meant_well and next(NUMBERS) % 2 == 0:
        case.body = RECORDS
    if case.media_type == FHIR and is_meant_well and next(NUMBERS) % 2 == 0:
        case.body = BUNDLE
