// The story of each role: what its pages offer, and what they refuse.
import assert from 'node:assert/strict';

import { forgive } from '../lib/browser.mjs';
import { canary } from '../lib/canaries.mjs';
import { shows } from '../lib/expect.mjs';
import { awaitId, control, firstOffering, region, rowLinks } from '../lib/find.mjs';
import { addAuditor } from '../lib/staff.mjs';
import { setStage } from '../lib/stage.mjs';

/**
 * Each role: where its menu leads, what stands on the list, on a pending and on a paid payment, and
 * which pages are refused. What is not named must not be there.
 */
const ROLES = {
  front: {
    menu: [],
    list: ['Create Payment'],
    pending: ['Change', 'Generate link', 'Add note'],
    paid: ['Add note'],
    refused: ['/audit', '/payouts', '/settings/jobs', ':PAID/refunds/new', ':PAID/reversal/new', ':PENDING/edit'],
  },
  biller: {
    menu: ['Payouts'],
    list: ['Create Payment'],
    pending: ['Edit', 'Change', 'Generate link', 'Add note'],
    paid: ['Refund', 'Add note'],
    refused: ['/audit', '/settings/jobs', ':PAID/reversal/new'],
  },
  manager: {
    menu: ['Payouts', 'Audit log'],
    list: ['Create Payment'],
    pending: ['Edit', 'Change', 'Generate link', 'Add note'],
    paid: ['Refund', 'Reverse', 'Add note'],
    refused: ['/settings/jobs'],
  },
  admin: {
    menu: ['Payouts'],
    list: [],
    pending: [],
    paid: [],
    refused: ['/audit', '/payments/new', ':PAID/refunds/new', ':PENDING/edit'],
  },
  auditor: {
    menu: ['Payouts', 'Audit log'],
    list: [],
    pending: [],
    paid: [],
    refused: ['/payments/new', '/settings/jobs', ':PAID/refunds/new', ':PENDING/edit'],
  },
};
const EVERYWHERE = ['Payments', 'Patients', 'Treatments', 'Eligibility', 'Settings'];
const SOME = ['Payouts', 'Audit log'];
const LIST = ['Create Payment'];
const PAYMENT = ['Edit', 'Change', 'Generate link', 'Refund', 'Reverse', 'Add note'];

const payments = {};

const stage = setStage('roles', {
  prepare: async () => {
    await addAuditor(stage.server);
    const page = await stage.open({ as: 'manager' });
    await page.goto('/payments?status=pending');
    [payments.PENDING] = await rowLinks(page, '/payments', 'PAY');
    await page.goto('/payments?status=paid&max=400');
    payments.PAID = await firstOffering(page, await rowLinks(page, '/payments', 'PAY'), 'Refund', 'Reverse');
  },
});

for (const [role, { menu, list, pending, paid, refused }] of Object.entries(ROLES)) {
  stage.test(`${role}: what is offered and what is refused`, { as: role }, async (page) => {
    await page.goto('/payments');
    const links = page.getByRole('navigation', { name: 'Main' }).getByRole('link');
    const seen = await links.allInnerTexts();
    for (const name of EVERYWHERE) assert.ok(seen.includes(name), `${name} is in the menu`);
    assert.deepEqual(seen.filter((name) => SOME.includes(name)), menu);
    await offers(page, LIST, list);
    await page.goto(payments.PENDING);
    await offers(page, PAYMENT, pending);
    await page.goto(payments.PAID);
    await offers(page, PAYMENT, paid);
    for (const address of refused) {
      const reply = await page.goto(address.replace(/:([A-Z]+)/, (_, name) => payments[name]));
      assert.equal(reply.status(), 403, address);
      await shows(page.getByRole('heading', { level: 1 }), 'Your role does not allow this');
    }
    forgive(page, /status of 403/);
  });
}

stage.test('the front desk takes cash, the biller refunds it, two more see who did', { as: 'front' }, async (front) => {
  await front.goto('/patients');
  const [patient] = await rowLinks(front, '/patients', 'PAT');
  await front.goto(`/payments/new?patient=${patient.split('/').at(-1)}`);
  await front.getByLabel('Amount', { exact: true }).fill('20');
  await front.getByLabel('Memo').fill(canary.memo);
  await front.getByRole('button', { name: 'Create', exact: true }).click();
  const payment = await awaitId(front, 'PAY');
  await front.getByLabel('Status', { exact: true }).selectOption({ label: 'Paid' });
  await front.getByRole('button', { name: 'Change' }).click();
  await front.getByLabel('Tender').selectOption({ label: 'Cash' });
  await front.getByLabel('Amount given').fill('50');
  await front.getByRole('button', { name: 'Save', exact: true }).click();
  await shows(region(front, 'Payment status'), 'Paid', 'Cash', '$30.00');
  const biller = await stage.open({ as: 'biller' });
  await biller.goto(`/payments/${payment}/refunds/new`);
  await biller.getByRole('radio', { name: 'Full Refund' }).check();
  await biller.getByLabel('Reason').selectOption({ label: 'Duplicate charge' });
  await biller.getByRole('button', { name: 'Review refund' }).click();
  await biller.getByRole('button', { name: 'Confirm Refund' }).click();
  await shows(biller.getByRole('heading', { level: 1 }), /Refunded$/);
  for (const role of ['manager', 'auditor']) {
    const page = await stage.open({ as: role });
    await page.goto(`/payments/${payment}`);
    await shows(region(page, 'History'), 'Fern Lobbyson', 'Bea Ledgerwood', 'Duplicate charge');
    await page.goto('/audit');
    await shows(page.getByRole('main'), payment, 'Fern Lobbyson', 'Bea Ledgerwood');
  }
});

stage.test('the administrator changes the clinic, and only that', { as: 'admin' }, async (page) => {
  await page.goto('/settings/physicians');
  await page.getByLabel('First name').fill('Iris');
  await page.getByLabel('Last name').fill('Specimen');
  await page.getByLabel('NPI').fill('1234567893');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await shows(page.getByRole('main'), 'Specimen, Iris');
});

/** Of these, exactly those are on the page. */
async function offers(page, names, offered) {
  const there = [];
  for (const name of names) if (await control(page.getByRole('main'), name).count() > 0) there.push(name);
  assert.deepEqual(there, offered, page.url());
}
