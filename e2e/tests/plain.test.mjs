// The same work without scripts, and without a mouse.
import assert from 'node:assert/strict';

import { forgive } from '../lib/browser.mjs';
import { canary } from '../lib/canaries.mjs';
import { focused, shows } from '../lib/expect.mjs';
import { awaitId, chooseFilter, control, idInAddress, region, rowLinks } from '../lib/find.mjs';
import { tabTo } from '../lib/keys.mjs';
import { credentials, signIn } from '../lib/staff.mjs';
import { setStage } from '../lib/stage.mjs';

const stage = setStage('plain');

stage.test('with scripts off, the list is filtered, sorted and paged', { scripts: false }, async (page) => {
  await signIn(page, 'biller');
  await chooseFilter(page, 'Status', 'Paid');
  await page.getByRole('button', { name: 'Apply' }).click();
  await page.waitForURL(/status=paid/);
  const main = page.getByRole('main');
  for (const text of await statuses(main)) assert.match(text, /^\W*Paid$/);
  await main.getByRole('columnheader', { name: /Amount/ }).getByRole('link').click();
  await page.waitForURL(/sort=amount/);
  assert.match(page.url(), /status=paid/, 'sorting keeps the filter');
  const sorted = main.locator('th[aria-sort]');
  assert.match(await sorted.innerText(), /Amount/);
  assert.equal(await sorted.getAttribute('aria-sort'), 'descending', 'the largest amount first');
  await page.goto('/payments?per_page=25');
  await shows(main, /1–25 of [\d,]+/);
  await control(page, /^Next/).click();
  await shows(main, /26–50 of [\d,]+/);
});

stage.test('with scripts off, a payment is created, and only once', { as: 'front', scripts: false }, async (page) => {
  await page.goto('/patients');
  const [first] = await rowLinks(page, '/patients', 'PAT');
  await page.goto(`/payments/new?patient=${first.split('/').at(-1)}`);
  await page.getByLabel('Amount', { exact: true }).fill('$1,234.5');
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  const payment = await awaitId(page, 'PAY');
  await shows(page.getByRole('main'), '$1,234.50', 'Pending');
  await page.goBack();
  await page.getByLabel('Amount', { exact: true }).fill('$1,234.5');
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  assert.equal(await awaitId(page, 'PAY'), payment, 'the same form makes the same payment');
  await page.goto(`/payments/new?patient=${first.split('/').at(-1)}`);
  await page.getByLabel('Amount', { exact: true }).fill('12.345');
  await page.getByLabel('Memo').fill('Plain');
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  await shows(page.getByRole('main'), /decimals/i);
  assert.equal(await page.getByLabel('Memo').inputValue(), 'Plain', 'what was typed is kept');
  // The browser itself notes the refused form as a failed load.
  forgive(page, /status of 422/);
});

stage.test('with scripts off, a payment is collected and refunded', { as: 'biller', scripts: false }, async (page) => {
  await page.goto('/patients');
  const [, second] = await rowLinks(page, '/patients', 'PAT');
  await page.goto(second);
  await control(page, 'Create Payment').click();
  await page.getByLabel('Amount', { exact: true }).fill('80');
  await page.getByLabel('Payment Type').selectOption({ label: 'Private Pay' });
  await page.getByRole('button', { name: 'Save as draft' }).click();
  await awaitId(page, 'PAY');
  const main = page.getByRole('main');
  await shows(main.getByRole('heading', { level: 1 }), 'Draft');
  await control(page, 'Generate link').click();
  await shows(main, 'The payment link is ready.', 'Pending');
  assert.match(await page.getByLabel('Link', { exact: true }).inputValue(), /\/pay\//);
  await page.getByLabel('Status', { exact: true }).selectOption({ label: 'Paid' });
  await control(page, 'Change').click();
  await page.getByLabel('Tender').selectOption({ label: 'Check' });
  await page.getByLabel('Number', { exact: true }).fill(canary.check);
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await shows(region(page, 'Payment status'), 'Paid', 'Check');
  await control(page, 'Refund').click();
  await page.getByRole('radio', { name: 'Full Refund' }).check();
  await page.getByLabel('Reason').selectOption({ label: 'Service not rendered' });
  await page.getByRole('button', { name: 'Review refund' }).click();
  await shows(main, '$80.00', '$0.00', 'Service not rendered');
  await page.getByRole('button', { name: 'Confirm Refund' }).click();
  await shows(main.getByRole('heading', { level: 1 }), /Refunded$/);
  const notes = region(page, 'Notes');
  await notes.getByRole('textbox').fill(canary.note);
  await control(notes, 'Add note').click();
  await shows(notes, canary.note);
});

stage.test('with scripts off, a patient is found for a new payment', { as: 'front', scripts: false }, async (page) => {
  await page.goto('/patients');
  const [, name] = /^(\p{L}{3,})/mu.exec(await firstPatient(page)) ?? [];
  assert.ok(name, 'the list of patients shows names');
  await page.goto('/payments/new');
  await page.getByLabel('Patient', { exact: true }).fill(name);
  await page.getByRole('button', { name: 'Find' }).click();
  await shows(page.getByRole('main'), name);
});

stage.test('without a mouse, one signs in, filters and opens a payment', {}, async (page) => {
  const { mail, password } = credentials('biller');
  await page.goto('/sign-in');
  await tabTo(page, page.getByLabel('E-mail'));
  await page.keyboard.type(mail);
  await tabTo(page, page.getByLabel('Password', { exact: true }));
  await page.keyboard.type(password);
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/payments$/);
  const skip = page.getByRole('link', { name: /^Skip/ });
  await page.keyboard.press('Tab');
  await focused(skip);
  await tabTo(page, page.getByRole('searchbox', { name: 'Search' }));
  await page.keyboard.type('PAY-00');
  await page.waitForURL(/q=PAY-00/);
  await focused(page.getByRole('searchbox', { name: 'Search' }));
  await page.keyboard.press('Enter');
  await shows(page.getByRole('main'), 'PAY-00');
});

stage.test('keys lead to the search, the form, the rows and the help', { as: 'biller' }, async (page) => {
  await page.goto('/payments');
  await page.keyboard.press('/');
  await focused(page.getByRole('searchbox', { name: 'Search' }));
  await page.keyboard.type('c');
  assert.equal(new URL(page.url()).pathname, '/payments', 'keys are silent while typing');
  await page.goto('/payments');
  await page.keyboard.press('?');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  const [, second] = await rowLinks(page, '/payments', 'PAY');
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await awaitId(page, 'PAY');
  assert.equal(`/payments/${idInAddress(page, 'PAY')}`, second);
  await page.goto('/payments');
  await page.keyboard.press('c');
  await page.waitForURL(/\/payments\/new/);
});

/** The texts of the status column. */
async function statuses(main) {
  const headers = await main.getByRole('columnheader').allInnerTexts();
  const column = headers.findIndex((text) => text.trim().startsWith('Status'));
  assert.ok(column >= 0, 'there is a status column');
  const rows = main.getByRole('row').filter({ has: main.page().getByRole('cell') });
  const cells = await rows.evaluateAll(
    (list, index) => list.map((row) => row.children[index].innerText.trim()),
    column,
  );
  assert.ok(cells.length > 0, 'there are rows');
  return cells;
}

function firstPatient(page) {
  return page.getByRole('main').locator('a[href*="/patients/PAT-"]').allInnerTexts()
    .then((texts) => texts.find((text) => !text.startsWith('PAT-')) ?? '');
}
