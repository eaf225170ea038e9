// One payment from the payer's answer to the last cent refunded, as a biller lives it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { axe } from '../lib/axe.mjs';
import { SCREENS, closePage, openBrowser, openPage, shot } from '../lib/browser.mjs';
import { AWKWARD, answer, canary, remember } from '../lib/canaries.mjs';
import { chapters } from '../lib/chapter.mjs';
import { hides, holds, shows } from '../lib/expect.mjs';
import {
  awaitId, chooseFirst, control, daysFromToday, fillMoment, idInAddress, region,
} from '../lib/find.mjs';
import { finish, startServer } from '../lib/server.mjs';
import { LIMIT } from '../lib/settings.mjs';
import { signIn } from '../lib/staff.mjs';

let browser;
let server;

before(async () => {
  server = await startServer('story');
  browser = await openBrowser();
}, LIMIT);

after(async () => {
  await browser?.close();
  if (server) await finish(server);
}, LIMIT);

test('from an eligibility check to a full refund', LIMIT, async (t) => {
  const page = await openPage(browser, server);
  const chapter = chapters(t, page);
  await chapter('sign in', () => signIn(page, 'biller'));
  const patient = await chapter('import a check of a new person', () => importCheck(page));
  const treatment = await chapter('create a treatment', () => createTreatment(page, patient));
  const payment = await chapter('create a payment', () => createPayment(page, treatment));
  await chapter('add a note and a document', () => annotate(page, payment));
  await chapter('take a check', () => takeCheck(page, payment));
  await chapter('refund in part', () => refundInPart(page, payment));
  await chapter('refund the rest', () => refundTheRest(page, payment));
  await chapter('read the history', () => readHistory(page, payment));
  await chapter('find the payment', () => findPayment(page, payment));
  await closePage(page);
});

test('a payer opens a link on a phone with scripts off', LIMIT, async (t) => {
  const page = await openPage(browser, server);
  const chapter = chapters(t, page);
  await chapter('sign in', () => signIn(page, 'biller'));
  const { payment, url } = await chapter('generate a link', () => generateLink(page));
  const phone = await openPage(browser, server, { screen: SCREENS.narrow, scripts: false });
  await chapters(t, phone)('open the link', async () => {
    const response = await phone.goto(url);
    assert.equal(response.status(), 200);
    assert.match(response.headers()['cache-control'] ?? '', /no-store/);
    await shows(phone.getByRole('main'), '$45.67', payment);
    await hides(phone.locator('body'), canary.memo, 'Office Visit');
    await shot(phone, 'pay-phone');
  });
  await closePage(phone);
  await closePage(page);
});

/** Imports the payer's answer about a person whom the clinic does not know, and creates her. */
async function importCheck(page) {
  await page.goto('/eligibility');
  const file = { name: 'answer.271', mimeType: 'text/plain', buffer: answer('complete.271') };
  await page.locator('input[type=file]').first().setInputFiles(file);
  await control(page, 'Import').click();
  const main = page.getByRole('main');
  await shows(main, canary.lastName);
  if (!idInAddress(page, 'ELG')) {
    await main.getByRole('row').filter({ hasText: /zzcanaryname/i }).getByRole('link').first().click();
    await awaitId(page, 'ELG');
  }
  await shows(main, canary.lastName, 'Example Health Plan', '1,250');
  await axe(page, 'an unmatched check');
  await shot(page, 'check');
  await control(page, 'Create patient').click();
  if (!idInAddress(page, 'PAT')) {
    await holds(page.getByLabel('Date of birth'), '1980-02-29');
    await page.getByRole('button', { name: /^(Create|Save)/ }).first().click();
  }
  const patient = await awaitId(page, 'PAT');
  await shows(page.getByRole('main'), canary.lastName, canary.member);
  await shot(page, 'patient');
  return patient;
}

async function createTreatment(page, patient) {
  await page.goto(`/treatments/new?patient=${patient}`);
  await fillMoment(page, /service date/i, `${daysFromToday(0)}T09:30`);
  await chooseFirst(page.getByLabel('Physician'));
  await chooseFirst(page.getByLabel('Location'));
  await page.getByLabel(/code/i).first().fill('99213');
  await page.getByLabel(/charge/i).first().fill('150.00');
  await axe(page, 'the treatment form');
  await page.getByRole('main').getByRole('button', { name: /^(Create|Save)/ }).first().click();
  const treatment = await awaitId(page, 'TRT');
  await shows(page.getByRole('main'), treatment, '99213', '$150.00');
  return treatment;
}

/** Creates the payment, with the amount that the estimate offers. */
async function createPayment(page, treatment) {
  await page.goto(`/payments/new?treatment=${treatment}`);
  await page.getByLabel('Payment Type').selectOption({ label: 'Office Visit' });
  const panel = page.getByRole('region', { name: /estimate/i });
  await shows(panel, '$30.00', '20%', '$800.00', '$1,250.00', 'J1745', 'Example Health Plan');
  await shows(panel, /may differ from the final patient responsibility/i);
  await axe(page, 'the create form with its estimate');
  await shot(page, 'create-estimate');
  await control(page, 'Use this amount').click();
  await holds(page.getByLabel('Amount', { exact: true }), '30.00');
  await page.getByLabel('Due Date').fill(daysFromToday(7));
  await page.getByLabel('Memo').fill(canary.memo);
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  const payment = await awaitId(page, 'PAY');
  await shows(region(page, 'Payment status'), '$30.00', 'Pending', canary.memo);
  await shows(region(page, 'Treatment'), treatment, '99213');
  await shows(region(page, 'Patient'), canary.lastName);
  return payment;
}

async function annotate(page, payment) {
  await page.goto(`/payments/${payment}`);
  const notes = region(page, 'Notes');
  await notes.getByRole('textbox').first().fill(canary.note);
  await notes.getByRole('button', { name: 'Add note' }).click();
  await shows(notes, canary.note);
  const documents = region(page, 'Documents');
  const file = { name: canary.file, mimeType: 'text/plain', buffer: Buffer.from(canary.content) };
  await documents.locator('input[type=file]').first().setInputFiles(file);
  const upload = documents.getByRole('button', { name: /^(Upload|Add)/ });
  if (await upload.isVisible()) await upload.click();
  await shows(documents, canary.file);
}

async function takeCheck(page, payment) {
  await page.goto(`/payments/${payment}`);
  const status = region(page, 'Payment status');
  await status.getByLabel('Status').selectOption({ label: 'Paid' });
  const go = status.getByRole('button', { name: /^(Change|Save|Update|Continue)/ });
  if (await go.first().isVisible()) await go.first().click();
  await page.getByLabel('Tender').selectOption({ label: 'Check' });
  await page.getByLabel(/number/i).first().fill(canary.check);
  await axe(page, 'taking a tender');
  await shot(page, 'tender');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await shows(region(page, 'Payment status'), 'Paid', 'Check');
  await shot(page, 'paid');
}

async function refundInPart(page, payment) {
  await startRefund(page, payment);
  await page.getByRole('radio', { name: 'Partial Refund' }).check();
  await page.getByLabel('Amount', { exact: true }).fill('12.34');
  await page.getByLabel('Reason').selectOption({ label: 'Billing error' });
  await page.getByLabel('Notes').fill(canary.reason);
  await axe(page, 'the refund form');
  await review(page);
  await shows(page.getByRole('main'), '$12.34', '$17.66', 'Billing error');
  await axe(page, 'the refund summary');
  await shot(page, 'refund-summary');
  await page.getByRole('button', { name: 'Confirm Refund' }).click();
  await shows(region(page, 'Payment status'), 'Partially Refunded', '$12.34');
}

async function refundTheRest(page, payment) {
  await startRefund(page, payment);
  await page.getByRole('radio', { name: 'Full Refund' }).check();
  await page.getByLabel('Reason').selectOption({ label: 'Patient request' });
  await review(page);
  await shows(page.getByRole('main'), '$17.66', '$0.00');
  await page.getByRole('button', { name: 'Confirm Refund' }).click();
  await shows(region(page, 'Payment status'), 'Refunded', '$30.00');
  await hides(region(page, 'Payment status'), 'Partially');
}

async function startRefund(page, payment) {
  await page.goto(`/payments/${payment}`);
  await control(page, 'Refund').click();
  await page.getByRole('radio', { name: 'Full Refund' }).waitFor();
}

/** Asks for the summary, where the form does not show it by itself. */
async function review(page) {
  const button = page.getByRole('button', { name: /^(Review|Continue)/ });
  if (await button.first().isVisible()) await button.first().click();
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
  const search = page.getByLabel('Search');
  await search.fill(canary.search);
  await search.press('Enter');
  await page.waitForURL(/q=/);
  await shows(page.getByRole('status').first(), /no /i);
  await hides(page.getByRole('main'), payment);
  await page.goto('/payments');
  await search.fill(payment);
  await search.press('Enter');
  assert.equal(await awaitId(page, 'PAY'), payment, 'an exact id leads to its payment');
}

/** Creates a plain payment for the first patient and makes its link. */
async function generateLink(page) {
  await page.goto('/patients');
  await page.getByRole('main').locator('a[href*="/patients/PAT-"]').first().click();
  const patient = await awaitId(page, 'PAT');
  await page.goto(`/payments/new?patient=${patient}`);
  await page.getByLabel('Amount', { exact: true }).fill('$45.67');
  await page.getByLabel('Memo').fill(canary.memo);
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  const payment = await awaitId(page, 'PAY');
  const link = region(page, 'Payment link');
  await control(link, 'Generate link').click();
  const address = link.getByRole('textbox').or(link.getByRole('link', { name: /\/pay\// })).first();
  await address.waitFor();
  const url = await address.inputValue().catch(() => address.getAttribute('href'));
  assert.match(url, /\/pay\/[\w-]{22,}$/);
  remember(url.split('/').at(-1));
  await shows(link, /expires/i);
  await shot(page, 'link');
  return { payment, url };
}
