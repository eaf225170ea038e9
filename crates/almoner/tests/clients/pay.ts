// Takes a payment from the patient to the refund, with types that were made from the description of
// the interface: what the compiler lets through is what the description says.

import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

type Problem = components["schemas"]["Problem"];
type Refund = components["schemas"]["RefundBody"];

const baseUrl = process.env.ALMONER_URL;
const headers = { Authorization: `Bearer ${process.env.ALMONER_KEY}` };
const client = createClient<paths>({ baseUrl, headers, querySerializer: { array: { style: "form", explode: true } } });

interface Told<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The answer, when it has that status. */
function good<T>(told: Told<T>, status: number): T {
  assert.equal(told.response.status, status, JSON.stringify(told.error));
  assert.ok(told.data !== undefined);
  return told.data;
}

/** The problem, when it is that one. */
function refused(told: Told<unknown>, status: number, code: string): Problem & { remaining_cents?: number } {
  assert.equal(told.response.status, status);
  const problem = told.error as Problem;
  assert.equal(problem.code, code, problem.detail);
  return problem;
}

const once = (key: string) => ({ header: { "Idempotency-Key": key } });

const body = {
  first_name: "Tess",
  last_name: "Sample",
  date_of_birth: "1980-02-29",
  mrn: "T-1",
  coverages: [{ payer: "Sample Health Plan", member_id: "M-2" }],
};
const added = good(await client.POST("/api/v1/patients", { body, params: once("tess") }), 201);
const again = good(await client.POST("/api/v1/patients", { body, params: once("tess") }), 201);
assert.deepEqual(again, added);
assert.equal(added.phone, null);
const place = { path: { id: added.id }, header: { "If-Match": `"${added.version}"` } };
const change = { body: { phone: "555-0100" }, params: place };
assert.equal(good(await client.PATCH("/api/v1/patients/{id}", change), 200).phone, "555-0100");
refused(await client.PATCH("/api/v1/patients/{id}", change), 412, "stale");
const query = { q: "tess sam" };
const found = good(await client.GET("/api/v1/patients", { params: { query } }), 200);
assert.deepEqual(found.data.map((patient) => patient.id), [added.id]);

const nobody = { patient_id: "PAT-999", amount_cents: 8000 };
const told = refused(await client.POST("/api/v1/payments", { body: nobody }), 422, "invalid");
assert.deepEqual(told.errors.map((fault) => [fault.field, fault.code]), [["patient_id", "not_found"]]);

const asked = { patient_id: added.id, amount_cents: 8000, payment_type: "office_visit" as const };
const payment = good(await client.POST("/api/v1/payments", { body: asked, params: once("visit") }), 201);
assert.equal(payment.status, "pending");
const path = { id: payment.id };
const collect = { status: "paid" as const, tender: { type: "check" as const, number: "1042" } };
const collecting = { body: collect, params: { path, ...once("collect") } };
const paid = good(await client.POST("/api/v1/payments/{id}/status", collecting), 200);
assert.equal(paid.tender?.number, "1042");
const refund = (body: Refund, key: string) =>
  client.POST("/api/v1/payments/{id}/refunds", { body, params: { path, ...once(key) } });
for (const _ of [1, 2]) {
  const part = await refund({ amount_cents: 3000, reason: "billing_error" }, "part");
  assert.equal(good(part, 201).amount_cents, 3000);
}
const much = await refund({ amount_cents: 5001, reason: "billing_error" }, "much");
assert.equal(refused(much, 409, "refund_exceeds_remaining").remaining_cents, 5000);
const rest = await refund({ full: true, reason: "patient_request" }, "rest");
assert.equal(good(rest, 201).amount_cents, 5000);
const read = good(await client.GET("/api/v1/payments/{id}", { params: { path } }), 200);
assert.equal(read.status, "refunded");
assert.equal(read.refunded_cents, 8000);
const refunded = { params: { query: { status: ["refunded" as const] } } };
const page = good(await client.GET("/api/v1/payments", refunded), 200);
assert.deepEqual(page.data.map((row) => row.id), [payment.id]);
console.log(`${payment.id} was created, collected and refunded`);
