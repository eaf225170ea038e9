// Every name that the pages promise is there, and found as a screen reader finds it.
import assert from 'node:assert/strict';

import { addInsured } from '../lib/clinic.mjs';
import { day } from '../lib/dates.mjs';
import { control, firstOffering, region, rowLinks } from '../lib/find.mjs';
import { setStage } from '../lib/stage.mjs';

const ANSWER = ['EB*1*IND*30**EXAMPLE PLAN', 'EB*B*IND*98***27*25*****Y'];
const REASONS = [
  'Patient request', 'Billing error', 'Service not rendered', 'Duplicate charge', 'Insurance adjustment', 'Other',
];

/** Where each name is promised, by the roles under which it is found. */
const NAMES = {
  'sign-in': { button: ['Sign in'], field: ['E-mail', 'Password'] },
  list: {
    heading: ['Payments', 'Total Collected', 'Outstanding', 'Status Breakdown'],
    control: ['Create Payment'],
    link: ['Payments', 'Patients', 'Treatments', 'Eligibility', 'Reports', 'Settings'],
    columnheader: ['Payment ID', 'Patient', 'Amount', 'Status', 'Due Date', 'Treatment', 'Created', 'Memo'],
    searchbox: ['Search'],
    menu: ['Status', 'Location', 'More filters'],
  },
  create: {
    button: ['Create', 'Save as draft', 'Use this amount'],
    field: ['Patient', 'Amount', 'Treatment', 'Payment Type', 'Location', 'Due Date', 'Memo'],
  },
  pending: {
    control: ['Generate link', 'Add note', 'Edit'],
    field: ['Status'],
    region: ['Payment status', 'Payment link', 'Treatment', 'Patient', 'Documents', 'Notes', 'History'],
  },
  linked: { control: ['Copy link'], field: ['Link'] },
  edit: { button: ['Save'], field: ['Amount', 'Due Date', 'Memo'] },
  paid: { control: ['Refund', 'Reverse', 'Add note'], region: ['Payment status', 'Patient', 'Notes', 'History'] },
  refund: { radio: ['Full Refund', 'Partial Refund'], field: ['Amount', 'Reason', 'Notes'], option: REASONS },
  review: { button: ['Confirm Refund'] },
};

/** How a name is looked for under each of these. */
const FIND = {
  control: (page, name) => control(page, name),
  field: (page, name) => page.getByLabel(name, { exact: true }),
  region: (page, name) => region(page, name),
  link: (page, name) => page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name, exact: true }),
  menu: (page, name) => page.getByRole('search').locator('summary').filter({ hasText: name }),
  option: (page, name) => page.getByLabel('Reason').getByRole('option', { name, exact: true }),
};

/** What is done on the page before the names are looked for. */
const ON_IT = {
  create: async (page) => {
    await page.getByLabel('Payment Type').selectOption({ label: 'Office Visit' });
    await page.getByRole('button', { name: 'Use this amount' }).waitFor();
  },
  linked: (page) => control(page, 'Generate link').click(),
  review: async (page) => {
    await page.getByRole('radio', { name: 'Full Refund' }).check();
    await page.getByLabel('Reason').selectOption({ label: 'Patient request' });
    await page.getByRole('button', { name: 'Review refund' }).click();
  },
};

const at = { 'sign-in': '/sign-in', list: '/payments' };

const stage = setStage('names', {
  prepare: async () => {
    const page = await stage.open({ as: 'manager' });
    await page.goto('/payments');
    const patient = await addInsured(page, 1, [[day(), ANSWER]]);
    at.create = `/payments/new?patient=${patient}`;
    await page.goto('/payments?status=pending');
    [at.pending] = await rowLinks(page, '/payments', 'PAY');
    at.linked = at.pending;
    at.edit = `${at.pending}/edit`;
    await page.goto('/payments?status=paid');
    at.paid = await firstOffering(page, await rowLinks(page, '/payments', 'PAY'), 'Refund', 'Reverse');
    at.refund = `${at.paid}/refunds/new`;
    at.review = at.refund;
  },
});

for (const [name, promised] of Object.entries(NAMES)) {
  const as = name === 'sign-in' ? undefined : 'manager';
  stage.test(`${name}: every promised name is there`, { as }, async (page) => {
    await page.goto(at[name]);
    await ON_IT[name]?.(page);
    for (const [kind, names] of Object.entries(promised)) {
      for (const one of names) {
        const found = FIND[kind]?.(page, one) ?? page.getByRole(kind, { name: one, exact: true });
        await found.first().waitFor({ state: kind === 'option' ? 'attached' : 'visible' })
          .catch(() => assert.fail(`no ${kind} “${one}” on ${page.url()}`));
      }
    }
  });
}
