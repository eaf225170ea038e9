"""Takes a payment from the patient to the refund, with a client that was made from the description
of the interface and knows nothing else of it."""

import os
from datetime import date

from almoner_client import AuthenticatedClient
from almoner_client.api.patients import get_patients, patch_patients_id, post_patients
from almoner_client.api.payments import (
    get_payments,
    get_payments_id,
    post_payments,
    post_payments_id_refunds,
    post_payments_id_status,
)
from almoner_client.models import (
    CoverageBody,
    HandTenderType,
    PatientBody,
    PatientEditBody,
    PaymentBody,
    PaymentKind,
    PaymentStatus,
    Problem,
    RefundBody,
    RefundReason,
    StatusBody,
    TenderBody,
)

client = AuthenticatedClient(base_url=os.environ["ALMONER_URL"], token=os.environ["ALMONER_KEY"])


def good(response, status):
    """The answer, when it has that status."""
    assert response.status_code == status, response
    assert response.parsed is not None, response
    return response.parsed


def refused(response, status, code):
    """The problem, when it is that one."""
    assert response.status_code == status, response
    assert isinstance(response.parsed, Problem), response
    assert response.parsed.code == code, response.parsed
    return response.parsed


ada = PatientBody(
    first_name="Ada",
    last_name="Sample",
    date_of_birth=date(1980, 2, 29),
    mrn="P-1",
    coverages=[CoverageBody(payer="Sample Health Plan", member_id="M-1")],
)
added = good(post_patients.sync_detailed(client=client, body=ada, idempotency_key="ada"), 201)
again = good(post_patients.sync_detailed(client=client, body=ada, idempotency_key="ada"), 201)
assert again == added and added.coverages[0].member_id == "M-1" and added.phone is None
change = PatientEditBody(phone="555-0100")
tag = f'"{added.version}"'
changed = patch_patients_id.sync_detailed(added.id, client=client, body=change, if_match=tag)
assert good(changed, 200).phone == "555-0100"
stale = patch_patients_id.sync_detailed(added.id, client=client, body=change, if_match=tag)
refused(stale, 412, "stale")
found = good(get_patients.sync_detailed(client=client, q="ada sam"), 200)
assert [patient.id for patient in found.data] == [added.id] and found.total_is_exact

wrong = PaymentBody(patient_id="PAT-999", amount_cents=8_000)
told = refused(post_payments.sync_detailed(client=client, body=wrong), 422, "invalid")
assert [(fault.field, fault.code) for fault in told.errors] == [("patient_id", "not_found")]

asked = PaymentBody(
    patient_id=added.id, amount_cents=8_000, payment_type=PaymentKind.OFFICE_VISIT, memo="Visit."
)
paid = good(post_payments.sync_detailed(client=client, body=asked, idempotency_key="visit"), 201)
assert paid.status == PaymentStatus.PENDING and paid.amount_cents == 8_000
tender = TenderBody(type_=HandTenderType.CHECK, number="1042")
collect = StatusBody(status=PaymentStatus.PAID, tender=tender)
answer = post_payments_id_status.sync_detailed(
    paid.id, client=client, body=collect, idempotency_key="collect"
)
paid = good(answer, 200)
assert paid.status == PaymentStatus.PAID and paid.tender.number == "1042"
part = RefundBody(amount_cents=3_000, reason=RefundReason.BILLING_ERROR)
for _ in range(2):
    answer = post_payments_id_refunds.sync_detailed(
        paid.id, client=client, body=part, idempotency_key="part"
    )
    assert good(answer, 201).amount_cents == 3_000
much = RefundBody(amount_cents=5_001, reason=RefundReason.BILLING_ERROR)
answer = post_payments_id_refunds.sync_detailed(paid.id, client=client, body=much)
told = refused(answer, 409, "refund_exceeds_remaining")
assert told.additional_properties["remaining_cents"] == 5_000
rest = RefundBody(full=True, reason=RefundReason.PATIENT_REQUEST)
assert good(
    post_payments_id_refunds.sync_detailed(paid.id, client=client, body=rest), 201
).amount_cents == 5_000
read = good(get_payments_id.sync_detailed(paid.id, client=client), 200)
assert read.status == PaymentStatus.REFUNDED and read.refunded_cents == 8_000
page = good(get_payments.sync_detailed(client=client, status=[PaymentStatus.REFUNDED]), 200)
assert [row.id for row in page.data] == [paid.id] and page.next_ is None
print(f"{paid.id} was created, collected and refunded")
