// The product from the first card to the last refund, in the order of `docs/walkthrough.md`, whose
// pictures are taken here.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { picture } from '../lib/browser.mjs';
import { chapter } from '../lib/chapter.mjs';
import { addPatient, addTreatment, answer, importAnswers } from '../lib/clinic.mjs';
import { day, daysFromToday } from '../lib/dates.mjs';
import { holds, shows } from '../lib/expect.mjs';
import { awaitId, control, region, rowLinks } from '../lib/find.mjs';
import { home } from '../lib/settings.mjs';
import { setStage } from '../lib/stage.mjs';

const SCREEN = { width: 1080, height: 660 };
const ROWAN = { first: 'ROWAN', last: 'SPECIMEN', member: 'EXAMPLE-1', birth: '19800229' };
const ANSWER = [
  'EB*1*IND*30*PP*EXAMPLE PLAN', 'EB*B*IND*98***27*30*****Y', 'EB*C*IND*30***29*20*****Y',
  'EB*A*IND*98***27**.2****Y', 'EB*G*IND*30***29*1250*****Y', 'EB*B*IND****27*15*****Y*HC|J1745',
];

const stage = setStage('walkthrough');

stage.test('every part of the product, each with its picture', { as: 'manager', screen: SCREEN }, async (page) => {
  const main = page.getByRole('main');
  await chapter('dashboard', async () => {
    await page.goto('/payments');
    for (const name of ['Total Collected', 'Outstanding', 'Status Breakdown']) {
      await region(page, name).waitFor();
    }
    await picture(page.locator('#cards'), 'cards');
  });
  await chapter('list', async () => {
    await shows(main, /1–50 of [\d,]+/);
    await picture(page, 'list');
  });
  await chapter('filter', async () => {
    const menu = page.getByRole('search').locator('summary');
    await page.goto('/payments?status=paid&location=LOC-001');
    await shows(main, 'Remove filter');
    await menu.filter({ hasText: 'Status' }).click();
    await picture(page, 'filter');
  });
  await chapter('sort', async () => {
    await page.goto('/payments?sort=amount&dir=desc');
    assert.equal(await main.locator('th[aria-sort]').getAttribute('aria-sort'), 'descending');
    await picture(page, 'sort');
  });
  await chapter('search', async () => {
    await page.goto('/payments');
    const search = page.getByRole('searchbox', { name: 'Search' });
    await search.pressSequentially('candlew');
    await page.waitForURL(/q=candlew/);
    await shows(main, 'Candlewick');
    await picture(page, 'search');
  });
  await chapter('several', async () => {
    await page.goto('/payments?status=draft');
    for (const number of [0, 1, 2]) await page.locator('tbody .pick input').nth(number).check();
    await shows(page.locator('#bulk'), '3 picked');
    await picture(page, 'picked');
  });
  const treatment = await chapter('a patient whom the payer answered for', async () => {
    const patient = await addPatient(page, ROWAN);
    await importAnswers(page, [answer(ROWAN, day(), ANSWER)]);
    return addTreatment(page, patient, '99213', '150.00');
  });
  await chapter('create', async () => {
    await page.goto(`/payments/new?treatment=${treatment}`);
    await page.getByLabel('Due Date').fill(daysFromToday(14));
    await page.getByLabel('Memo').fill('Follow-up visit');
    await picture(main, 'create');
  });
  await chapter('estimate', async () => {
    await page.getByLabel('Payment Type').selectOption({ label: 'Office Visit' });
    const panel = region(page, 'Payment estimate');
    await shows(panel, 'Co-pay amount', 'Co-insurance percentage', 'Remaining deductible');
    await shows(panel, 'Out-of-pocket maximum remaining', 'Benefits by procedure', 'J1745');
    await shows(panel, 'may differ from the final patient responsibility');
    await picture(panel, 'estimate');
    await control(page, 'Use this amount').click();
    await holds(page.getByLabel('Amount', { exact: true }), '30.00');
    await picture(page.locator('#fields'), 'estimate-used');
  });
  const payment = await chapter('created', async () => {
    await page.getByRole('button', { name: 'Create', exact: true }).click();
    return awaitId(page, 'PAY');
  });
  await chapter('detail', async () => {
    await shows(main, 'Pending', '$30.00');
    await picture(page, 'detail');
    await picture(region(page, 'Treatment'), 'treatment');
    await picture(region(page, 'Patient'), 'patient');
  });
  await chapter('link', async () => {
    await control(page, 'Generate link').click();
    await shows(region(page, 'Payment link'), 'Holds until');
    await picture(region(page, 'Payment link'), 'link');
  });
  await chapter('note', async () => {
    const notes = region(page, 'Notes');
    await notes.getByRole('textbox').first().fill('Prefers a receipt on paper.');
    await control(notes, 'Add note').click();
    await shows(notes, 'Prefers a receipt on paper.');
    await picture(notes, 'notes');
  });
  await chapter('document', async () => {
    const documents = region(page, 'Documents');
    const file = { name: 'consent.txt', mimeType: 'text/plain', buffer: Buffer.from('Signed on paper.\n') };
    await documents.locator('input[type=file]').setInputFiles(file);
    await control(documents, 'Upload').click();
    await documents.getByRole('link', { name: 'consent.txt' }).waitFor();
    await picture(documents, 'documents');
  });
  await chapter('status', async () => {
    const to = page.getByLabel('Status', { exact: true });
    assert.ok((await to.locator('option').allInnerTexts()).includes('Paid'));
    await to.selectOption({ label: 'Paid' });
    await control(page, 'Change').click();
    await page.getByLabel('Tender').selectOption({ label: 'Check' });
    await page.getByLabel('Number', { exact: true }).fill('1001');
    await picture(main, 'status-change');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await shows(region(page, 'Payment status'), 'Paid', 'Check');
  });
  await chapter('locked', async () => {
    assert.equal(await control(main, 'Edit').count(), 0, 'a paid payment is not edited');
    await picture(region(page, 'Payment status'), 'locked');
  });
  await chapter('refund', async () => {
    await control(page, 'Refund').click();
    await page.getByRole('radio', { name: 'Partial Refund' }).check();
    await page.getByLabel('Amount', { exact: true }).fill('12.50');
    const reason = page.getByLabel('Reason');
    const reasons = await reason.locator('option').allInnerTexts();
    assert.deepEqual(reasons.filter((text) => text !== 'Choose'), [
      'Patient request', 'Billing error', 'Service not rendered', 'Duplicate charge', 'Insurance adjustment', 'Other',
    ]);
    await reason.selectOption({ label: 'Billing error' });
    await picture(main, 'refund');
    await page.getByRole('button', { name: 'Review refund' }).click();
    await shows(main, '$12.50', '$17.50');
    await picture(main, 'refund-review');
    await page.getByRole('button', { name: 'Confirm Refund' }).click();
    await shows(page.getByRole('heading', { level: 1 }), /Partially Refunded$/);
    await picture(page, 'refunded');
    await picture(region(page, 'History'), 'history');
    assert.ok(page.url().endsWith(payment));
  });
  await chapter('statuses', async () => {
    await page.goto('/payments');
    const breakdown = region(page, 'Status Breakdown');
    const nine = [
      'Draft', 'Pending', 'Processing', 'Paid', 'Failed', 'Cancelled', 'Voided', 'Partially Refunded', 'Refunded',
    ];
    for (const status of nine) {
      await breakdown.getByRole('link', { name: new RegExp(`^${status}`) }).first().waitFor();
    }
    await picture(breakdown, 'statuses');
  });
  await chapter('overdue', async () => {
    await page.goto('/payments?overdue=1&per_page=100');
    const [overdue] = await rowLinks(page, '/treatments', 'TRT');
    await page.goto(overdue);
    await shows(main, /overdue/i);
    await picture(main, 'overdue-treatment');
  });
  await chapter('reports', async () => {
    await page.goto('/reports/collections');
    await shows(main, 'By tender');
    await picture(page, 'reports');
  });
});

test('the walkthrough shows the pictures that there are', () => {
  const docs = path.join(home, '../docs');
  const named = [...readFileSync(path.join(docs, 'walkthrough.md'), 'utf8').matchAll(/screenshots\/([\w-]+)\.png/g)];
  const there = readdirSync(path.join(docs, 'screenshots')).map((file) => file.replace('.png', ''));
  const shown = new Set(named.map(([, name]) => name));
  // The one at the top of the README is of the whole page.
  assert.deepEqual(there.filter((name) => name !== 'payments').sort(), [...shown].sort());
});
