// Stripe's official Node.js client against the fake, at the address that the environment names.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import Stripe from 'stripe';

const url = new URL(process.env.STRIPE_FAKE_URL);
const key = process.env.STRIPE_FAKE_KEY;
const secret = process.env.STRIPE_FAKE_SECRET;

function connect(options = {}) {
  const { hostname: host, port } = url;
  const base = { host, port, protocol: 'http', maxNetworkRetries: 0, timeout: 5000 };
  return new Stripe(key, { ...base, ...options });
}

const stripe = connect();

/** Does what the payer, the bank or time does. */
async function fake(verb, fields = {}) {
  const body = new URLSearchParams(fields);
  const answer = await fetch(new URL(`/_fake/${verb}`, url), { method: 'POST', body });
  return answer.json();
}

function order(reference, changes = {}) {
  return {
    mode: 'payment',
    client_reference_id: reference,
    metadata: { reference },
    line_items: [
      {
        quantity: 1,
        price_data: {
          currency: 'usd',
          unit_amount: 12345,
          product_data: { name: 'Sample Clinic' },
        },
      },
    ],
    payment_intent_data: { capture_method: 'automatic', metadata: { reference } },
    success_url: 'https://clinic.example/pay/back',
    ...changes,
  };
}

async function paid(reference) {
  const session = await stripe.checkout.sessions.create(order(reference));
  await fake('pay', { session: session.id, card: '4242424242424242' });
  const expand = ['payment_intent.latest_charge.balance_transaction'];
  return stripe.checkout.sessions.retrieve(session.id, { expand });
}

test('both official clients are of the version that the fake speaks', () => {
  assert.equal(Stripe.API_VERSION, '2026-10-28.endive');
});

test('a session is opened, paid and found with its fee', async () => {
  const session = await paid('n-1');
  assert.equal(session.status, 'complete');
  assert.equal(session.payment_intent.latest_charge.balance_transaction.fee, 388);
  assert.equal(session.payment_intent.metadata.reference, 'n-1');
});

test('parameters that the types do not know are refused', async () => {
  const refused = stripe.checkout.sessions.create(order('n-2', { patient_name: 'SAMPLE' }));
  await assert.rejects(refused, (error) => {
    assert.equal(error.type, 'StripeInvalidRequestError');
    assert.equal(error.code, 'parameter_unknown');
    assert.equal(error.param, 'patient_name');
    return true;
  });
});

test('more than is left is not refunded', async () => {
  const session = await paid('n-3');
  const payment = session.payment_intent.id;
  const part = await stripe.refunds.create({ payment_intent: payment, amount: 12000 });
  assert.equal((await stripe.refunds.retrieve(part.id)).status, 'succeeded');
  const over = stripe.refunds.create({ payment_intent: payment, amount: 346 });
  await assert.rejects(over, { type: 'StripeInvalidRequestError', param: 'amount' });
  await stripe.refunds.create({ payment_intent: payment });
  const again = stripe.refunds.create({ payment_intent: payment });
  await assert.rejects(again, { code: 'charge_already_refunded' });
});

test('a key is for one request and gives one answer', async () => {
  const options = { idempotencyKey: 'node-key-1' };
  const first = await stripe.checkout.sessions.create(order('n-4'), options);
  const again = await stripe.checkout.sessions.create(order('n-4'), options);
  assert.equal(first.id, again.id);
  const other = stripe.checkout.sessions.create(order('n-5'), options);
  await assert.rejects(other, { type: 'StripeIdempotencyError', statusCode: 400 });
});

test('faults have the types of the official client', async () => {
  const endpoint = 'POST /v1/checkout/sessions';
  for (const [fault, type] of [
    ['rate_limited', 'StripeRateLimitError'],
    ['server_error_before', 'StripeAPIError'],
    ['reset_before', 'StripeConnectionError'],
    ['reset_after', 'StripeConnectionError'],
    ['conflict', 'StripeAPIError'],
  ]) {
    // Twice, as this client sends a request again when its connection was closed.
    const times = fault.startsWith('reset') ? 2 : 1;
    for (let n = 0; n < times; n += 1) await fake('fail_next', { endpoint, fault });
    await assert.rejects(stripe.checkout.sessions.create(order('n-6')), { type }, fault);
  }
  const wrong = connect();
  const asked = wrong.charges.list({}, { apiKey: 'sk_test_SAMPLE_wrong' });
  await assert.rejects(asked, { type: 'StripeAuthenticationError' });
});

test("the client's own retry makes nothing twice", async () => {
  const retrying = connect({ maxNetworkRetries: 2 });
  const endpoint = 'POST /v1/checkout/sessions';
  for (const fault of ['reset_before', 'reset_after', 'conflict']) {
    await fake('fail_next', { endpoint, fault });
    await retrying.checkout.sessions.create(order(`n-7-${fault}`));
    let made = 0;
    for await (const session of stripe.checkout.sessions.list({ limit: 100 })) {
      if (session.client_reference_id === `n-7-${fault}`) made += 1;
    }
    assert.equal(made, 1, fault);
  }
});

test('pages are followed to the end', async () => {
  const { now } = await fake('advance', { seconds: 100000 });
  const made = [];
  for (let n = 0; n < 12; n += 1) {
    made.push((await stripe.checkout.sessions.create(order(`n-8-${n}`))).id);
  }
  const list = stripe.checkout.sessions.list({ limit: 5, created: { gte: now } });
  const found = await list.autoPagingToArray({ limit: 100 });
  assert.deepEqual(found.map((one) => one.id), made.reverse());
});

test('every webhook is believed, and a changed one is not', async () => {
  await fake('webhooks');
  await paid('n-9');
  const webhooks = await fake('webhooks');
  assert.ok(webhooks.some((webhook) => webhook.type === 'checkout.session.completed'));
  for (const { type, body, signature } of webhooks) {
    assert.equal(stripe.webhooks.constructEvent(body, signature, secret).type, type);
    const changed = () => stripe.webhooks.constructEvent(`${body} `, signature, secret);
    assert.throws(changed, { type: 'StripeSignatureVerificationError' });
  }
});
