// One payment from the payer's answer to the last cent refunded, as a biller lives it.
import assert from 'node:assert/strict';

import { axe } from '../lib/axe.mjs';
import { shot } from '../lib/browser.mjs';
import { AWKWARD, answer, canary } from '../lib/canaries.mjs';
import { chapter } from '../lib/chapter.mjs';
import { daysFromToday } from '../lib/dates.mjs';
import { hides, holds, shows } from '../lib/expect.mjs';
import { awaitId, chooseFirst, control, region } from '../lib/find.mjs';
import { signIn } from '../lib/staff.mjs';
import { setStage } from '../lib/stage.mjs';

const stage = setStage('story');

stage.test('from an eligibility check to a full refund', {}, async (page) => {
  await chapter('sign in', () => signIn(page, 'biller'));
  const patient = await chapter('import a check of a new person', () => importCheck(page));
  const treatment = await chapter('create a treatment', () => createTreatment(page, patient));
  const payment = await chapter('create a payment', () => createPayment(page, treatment));
  await chapter('add a note', () => addNote(page, payment));
  await chapter('take a check', () => takeCheck(page, payment));
  await chapter('refund in part', () => refundInPart(page, payment));
  await chapter('refund the rest', () => refundTheRest(page, payment));
  await chapter('read the history', () => readHistory(page, payment));
  await chapter('find the payment', () => findPayment(page, payment));
});

/** Imports the payer's answer about a person whom the clinic does not know, and creates her. */
async function importCheck(page) {
  await page.goto('/eligibility');
  const file = { name: 'answer.271', mimeType: 'text/plain', buffer: answer('complete.271') };
  await page.getByLabel('271 files').setInputFiles(file);
  await page.getByRole('button', { name: 'Import' }).click();
  const main = page.getByRole('main');
  const row = main.getByRole('row').filter({ hasText: /zzcanaryname/i });
  await row.getByRole('link').first().click();
  await awaitId(page, 'ELG');
  await shows(main, canary.lastName, 'Example Health Plan', '$1,250.00', 'J1745');
  await axe(page, 'an unmatched check');
  await shot(page, 'check');
  await page.getByRole('link', { name: /^Create a patient/ }).click();
  await holds(page.getByLabel('Date of birth', { exact: true }), '1980-02-29');
  await axe(page, 'the patient form');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  const patient = await awaitId(page, 'PAT');
  await shows(main, canary.lastName, canary.member, 'Example Health Plan');
  await shot(page, 'patient');
  return patient;
}

async function createTreatment(page, patient) {
  await page.goto(`/patients/${patient}`);
  await control(page, 'Add treatment').click();
  await page.getByLabel('Service date').fill(daysFromToday(0));
  await page.getByLabel('Service time').fill('09:30');
  await chooseFirst(page.getByLabel('Physician'));
  await chooseFirst(page.getByLabel('Location'));
  await page.getByLabel('Code 1').fill('99213');
  await page.getByLabel('Charge 1').fill('150.00');
  await axe(page, 'the treatment form');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  const treatment = await awaitId(page, 'TRT');
  await shows(page.getByRole('main'), treatment, '99213', '$150.00');
  return treatment;
}

/** Creates the payment, with the amount that the estimate offers. */
async function createPayment(page, treatment) {
  await control(page, 'Create Payment').click();
  await page.getByLabel('Payment Type').selectOption({ label: 'Office Visit' });
  const panel = region(page, 'Payment estimate');
  await shows(panel, '$30.00', /\b20\s?%/, '$800.00', '$1,250.00', 'J1745', 'Example Health Plan');
  await shows(panel, /may differ from the final patient responsibility/i);
  await axe(page, 'the create form with its estimate');
  await shot(page, 'create-estimate');
  await control(page, 'Use this amount').click();
  await holds(page.getByLabel('Amount', { exact: true }), '30.00');
  await page.getByLabel('Due Date').fill(daysFromToday(7));
  await page.getByLabel('Memo').fill(canary.memo);
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  const payment = await awaitId(page, 'PAY');
  await isNow(page, payment, 'Pending');
  await shows(region(page, 'Payment status'), '$30.00', canary.memo);
  await shows(region(page, 'Treatment'), treatment, '99213');
  await shows(region(page, 'Patient'), canary.lastName);
  return payment;
}

async function addNote(page, payment) {
  await page.goto(`/payments/${payment}`);
  const notes = region(page, 'Notes');
  await notes.getByRole('textbox').fill(canary.note);
  await notes.getByRole('button', { name: 'Add note' }).click();
  await shows(notes.getByRole('list'), canary.note);
}

async function takeCheck(page, payment) {
  await page.goto(`/payments/${payment}`);
  const status = region(page, 'Payment status');
  await status.getByLabel('Status').selectOption({ label: 'Paid' });
  await status.getByRole('button', { name: 'Change' }).click();
  await page.getByLabel('Tender').selectOption({ label: 'Check' });
  await page.getByLabel('Number', { exact: true }).fill(canary.check);
  await axe(page, 'taking a tender');
  await shot(page, 'tender');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await isNow(page, payment, 'Paid');
  await shows(region(page, 'Payment status'), 'Check', canary.check);
  await shot(page, 'paid');
}

async function refundInPart(page, payment) {
  await startRefund(page, payment);
  await page.getByRole('radio', { name: 'Partial Refund' }).check();
  await page.getByLabel('Amount', { exact: true }).fill('12.34');
  await page.getByLabel('Reason').selectOption({ label: 'Billing error' });
  await page.getByLabel('Notes').fill(canary.reason);
  await axe(page, 'the refund form');
  await page.getByRole('button', { name: 'Review refund' }).click();
  await shows(page.getByRole('main'), '$12.34', '$17.66', 'Billing error');
  await axe(page, 'the refund summary');
  await shot(page, 'refund-summary');
  await page.getByRole('button', { name: 'Confirm Refund' }).click();
  await isNow(page, payment, 'Partially Refunded');
  await shows(region(page, 'Payment status'), '$12.34');
}

async function refundTheRest(page, payment) {
  await startRefund(page, payment);
  await page.getByRole('radio', { name: 'Full Refund' }).check();
  await page.getByLabel('Reason').selectOption({ label: 'Patient request' });
  await page.getByRole('button', { name: 'Review refund' }).click();
  await shows(page.getByRole('main'), '$17.66', '$0.00');
  await page.getByRole('button', { name: 'Confirm Refund' }).click();
  await isNow(page, payment, 'Refunded');
}

async function startRefund(page, payment) {
  await page.goto(`/payments/${payment}`);
  await control(page, 'Refund').click();
  await page.getByRole('radio', { name: 'Full Refund' }).waitFor();
}

async function readHistory(page, payment) {
  await page.goto(`/payments/${payment}`);
  const history = region(page, 'History');
  await shows(history, 'Pending', 'Paid', 'Partially Refunded', 'Refunded');
  await shows(history, '$12.34', '$17.66', 'Billing error', 'Patient request');
  await shows(page.getByRole('main'), AWKWARD);
  await axe(page, 'a refunded payment');
  await shot(page, 'refunded');
  assert.equal(await control(page, 'Refund').count(), 0, 'nothing is left to refund');
}

async function findPayment(page, payment) {
  await page.goto('/payments');
  await shows(page.getByRole('main'), payment, canary.lastName);
  const search = page.getByRole('searchbox', { name: 'Search' });
  await search.fill(canary.search);
  await search.press('Enter');
  await page.waitForURL(/q=/);
  await shows(page.getByRole('main'), 'No payment matches');
  await hides(page.getByRole('main'), payment);
  await page.goto('/payments');
  await search.fill(payment);
  await search.press('Enter');
  assert.equal(await awaitId(page, 'PAY'), payment, 'an exact id leads to its payment');
}

/** The payment's page is shown, and its heading says this status and no other. */
async function isNow(page, payment, status) {
  await page.waitForURL((url) => url.pathname === `/payments/${payment}`);
  await shows(page.getByRole('heading', { level: 1 }), new RegExp(`^${payment}\\s+${status}$`));
}
