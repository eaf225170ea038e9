// Letters: a patient agrees, gets a link by e-mail, pays by it and gets a receipt.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { SCREENS, closePage, openBrowser, openPage } from '../lib/browser.mjs';
import { remember } from '../lib/canaries.mjs';
import { eventually } from '../lib/eventually.mjs';
import { shows } from '../lib/expect.mjs';
import { control, region } from '../lib/find.mjs';
import { looks } from '../lib/looks.mjs';
import { finish, startServer } from '../lib/server.mjs';
import { LIMIT } from '../lib/settings.mjs';
import { startSink } from '../lib/sink.mjs';
import { signIn } from '../lib/staff.mjs';

/** A letter is looked for every two seconds, and sent at once. */
const SENT_MS_MAX = 40_000;
const ADDRESS = 'zzcanarypatient@patient.example';
/** Where the second patient gets them, who may be the first again. */
const OTHER_ADDRESS = 'zzcanarypatient.other@patient.example';

let browser;
let server;
let sink;
let staff;
let pending;

before(async () => {
  sink = await startSink();
  server = await startServer('mail', sink.settings);
  browser = await openBrowser();
  staff = await openPage(browser, server);
  await signIn(staff, 'biller');
  await staff.goto('/payments?status=pending&size=100');
  const rows = staff.getByRole('main').locator('tbody th a');
  pending = await rows.evaluateAll((links) => links.map((link) => new URL(link.href).pathname));
  remember(ADDRESS);
  remember(OTHER_ADDRESS);
}, LIMIT);

after(async () => {
  if (staff) await closePage(staff);
  await browser?.close();
  if (server) await finish(server);
  await sink?.close();
}, LIMIT);

/** Waits for the newest letter, after so many. */
async function letter(count) {
  await eventually('the letter arrives', SENT_MS_MAX, () => sink.letters.length > count);
  assert.equal(sink.letters.length, count + 1);
  return sink.letters[count];
}

/** Waits until the payment's page shows a text. */
async function told(home, words) {
  await eventually(words, SENT_MS_MAX, async () => {
    await staff.goto(home);
    return (await staff.getByRole('main').innerText()).includes(words);
  });
}

/** Gives the patient of a payment an address at which they agree to e-mail; tells their name. */
async function agree(home, address = ADDRESS) {
  await staff.goto(home);
  const link = region(staff, 'Patient').getByRole('link', { name: /./ }).first();
  await link.click();
  const patient = staff.url();
  await staff.goto(`${patient}/edit`);
  await staff.getByLabel('E-mail', { exact: true }).fill(address);
  await control(staff, 'Save').click();
  await shows(region(staff, 'E-mail'), 'Not agreed.');
  await looks(staff, 'mail-consent');
  await staff.getByLabel(/The patient agreed to get payment links/).check();
  await region(staff, 'E-mail').getByRole('button', { name: 'Save' }).click();
  await shows(region(staff, 'E-mail'), 'Agreed on');
  return staff.getByRole('heading', { level: 1 }).innerText();
}

test('a link is sent, paid by, and its receipt sent', LIMIT, async () => {
  const home = pending.shift();
  await staff.goto(home);
  await shows(region(staff, 'Payment link'), 'To send it by e-mail');
  await looks(staff, 'mail-card-missing');
  const name = await agree(home);
  await staff.goto(home);
  await control(staff, 'Send by e-mail').click();
  await shows(staff.getByRole('main'), 'The payment link is being sent.');
  const first = await letter(0);
  assert.deepEqual(first.to, [ADDRESS]);
  assert.match(first.head, /^Auto-Submitted: auto-generated$/m);
  assert.match(first.head, /^Subject: Your payment link$/m);
  assert.match(first.head, /^Message-ID: <letter-\d+-\d+@clinic\.example>$/m);
  const url = new RegExp(`${server.url}/pay/\\S+`).exec(first.text)[0];
  remember(url);
  for (const part of name.split(/\s+/)) assert.ok(!first.text.includes(part), `${part} in ${first.text}`);
  assert.doesNotMatch(first.text, /PAT-|TRT-|Office Visit|Treatment/);
  await told(home, 'Link sent');
  await looks(staff, 'mail-card-sent');
  const page = await openPage(browser, server, { screen: SCREENS.phone });
  await page.goto(url);
  await page.getByRole('button', { name: /^Pay \$/ }).click();
  await page.getByLabel('Test card number').fill('4242 4242 4242 4242');
  await page.getByRole('button', { name: /^Pay \$/ }).click();
  await eventually('it is received', SENT_MS_MAX, () => (
    page.getByRole('heading', { name: 'Payment received' }).isVisible()
  ));
  await closePage(page);
  await staff.goto(home);
  await region(staff, 'Receipts').getByRole('link').first().click();
  await control(staff, 'Send by e-mail').click();
  await shows(staff.getByRole('main'), 'The receipt is being sent.');
  const second = await letter(1);
  assert.match(second.head, /^Subject: Your receipt$/m);
  assert.match(second.text, /Receipt RCP-\d+\nTest money/);
  for (const part of name.split(/\s+/)) assert.ok(!second.text.includes(part), `${part} in ${second.text}`);
  await told(staff.url(), 'sent ');
  await looks(staff, 'mail-receipt');
  await staff.goto(home);
  await shows(region(staff, 'History'), 'E-mail with receipt', 'E-mail with the payment link sent');
});

test('what the mail server refuses stands on the payment, and the next try goes through', LIMIT, async () => {
  const home = pending.shift();
  await agree(home, OTHER_ADDRESS);
  await staff.goto(home);
  const count = sink.letters.length;
  sink.refuses = '550 5.1.1 unknown';
  await control(staff, 'Send by e-mail').click();
  await told(home, 'the mail server refused it: code 550');
  await looks(staff, 'mail-card-refused');
  sink.refuses = undefined;
  await control(staff, 'Send by e-mail').click();
  await letter(count);
  await told(home, 'Link sent');
});

test('an administrator turns reminders on', LIMIT, async () => {
  const page = await openPage(browser, server);
  await signIn(page, 'admin');
  await page.goto('/settings/reminders');
  await page.getByLabel('Send reminders by e-mail').check();
  await page.getByLabel('Days after the due date').fill('21, 7');
  await control(page, 'Save').click();
  await shows(page.getByRole('main'), 'The settings were saved.', 'Last changed by');
  assert.equal(await page.getByLabel('Days after the due date').inputValue(), '7, 21');
  await looks(page, 'mail-reminders');
  await closePage(page);
});
