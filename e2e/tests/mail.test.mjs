// Letters: a patient agrees, gets a link by e-mail, pays by it and gets a receipt.
import assert from 'node:assert/strict';

import { SCREENS } from '../lib/browser.mjs';
import { remember } from '../lib/canaries.mjs';
import { eventually } from '../lib/eventually.mjs';
import { shows } from '../lib/expect.mjs';
import { control, region, rowLinks } from '../lib/find.mjs';
import { looks } from '../lib/looks.mjs';
import { setStage } from '../lib/stage.mjs';

/** A letter is looked for every two seconds, and sent at once. */
const SENT_MS_MAX = 40_000;
const ADDRESS = 'zzcanarypatient@patient.example';
/** Where the second patient gets them, who may be the first again. */
const OTHER_ADDRESS = 'zzcanarypatient.other@patient.example';

let pending;

const stage = setStage('mail', { mail: true, prepare: findPending });

async function findPending() {
  const page = await stage.open({ as: 'biller' });
  await page.goto('/payments?status=pending');
  pending = await rowLinks(page, '/payments', 'PAY');
  remember(ADDRESS);
  remember(OTHER_ADDRESS);
}

/** Waits for the newest letter, after so many. */
async function letter(count) {
  await eventually('the letter arrives', SENT_MS_MAX, () => stage.sink.letters.length > count);
  assert.equal(stage.sink.letters.length, count + 1);
  return stage.sink.letters[count];
}

/** Waits until the payment's page shows a text. */
async function told(staff, home, words) {
  await eventually(words, SENT_MS_MAX, async () => {
    await staff.goto(home);
    return (await staff.getByRole('main').innerText()).includes(words);
  });
}

/** Gives the patient of a payment an address at which they agree to e-mail; tells their name. */
async function agree(staff, home, address = ADDRESS) {
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

stage.test('a link is sent, paid by, and its receipt sent', { as: 'biller' }, async (staff) => {
  const home = pending.shift();
  await staff.goto(home);
  await shows(region(staff, 'Payment link'), 'To send it by e-mail');
  await looks(staff, 'mail-card-missing');
  const name = await agree(staff, home);
  await staff.goto(home);
  await control(staff, 'Send by e-mail').click();
  await shows(staff.getByRole('main'), 'The payment link is being sent.');
  const first = await letter(0);
  assert.deepEqual(first.to, [ADDRESS]);
  assert.match(first.head, /^Auto-Submitted: auto-generated$/m);
  assert.match(first.head, /^Subject: Your payment link$/m);
  assert.match(first.head, /^Message-ID: <letter-\d+-\d+@clinic\.example>$/m);
  const url = new RegExp(`${stage.server.url}/pay/\\S+`).exec(first.text)[0];
  remember(url);
  for (const part of name.split(/\s+/)) assert.ok(!first.text.includes(part), `${part} in ${first.text}`);
  assert.doesNotMatch(first.text, /PAT-|TRT-|Office Visit|Treatment/);
  await told(staff, home, 'Link sent');
  await looks(staff, 'mail-card-sent');
  const page = await stage.open({ screen: SCREENS.phone });
  await page.goto(url);
  await page.getByRole('button', { name: /^Pay \$/ }).click();
  await page.getByLabel('Test card number').fill('4242 4242 4242 4242');
  await page.getByRole('button', { name: /^Pay \$/ }).click();
  await eventually('it is received', SENT_MS_MAX, () => (
    page.getByRole('heading', { name: 'Payment received' }).isVisible()
  ));
  await staff.goto(home);
  await region(staff, 'Receipts').getByRole('link').first().click();
  await control(staff, 'Send by e-mail').click();
  await shows(staff.getByRole('main'), 'The receipt is being sent.');
  const second = await letter(1);
  assert.match(second.head, /^Subject: Your receipt$/m);
  assert.match(second.text, /Receipt RCP-\d+\nTest money/);
  for (const part of name.split(/\s+/)) assert.ok(!second.text.includes(part), `${part} in ${second.text}`);
  await told(staff, staff.url(), 'sent ');
  await looks(staff, 'mail-receipt');
  await staff.goto(home);
  await shows(region(staff, 'History'), 'E-mail with receipt', 'E-mail with the payment link sent');
});

stage.test('what the mail server refuses is told, and tried again', { as: 'biller' }, async (staff) => {
  const home = pending.shift();
  await agree(staff, home, OTHER_ADDRESS);
  await staff.goto(home);
  const count = stage.sink.letters.length;
  stage.sink.refuses = '550 5.1.1 unknown';
  await control(staff, 'Send by e-mail').click();
  await told(staff, home, 'the mail server refused it: code 550');
  await looks(staff, 'mail-card-refused');
  stage.sink.refuses = undefined;
  await control(staff, 'Send by e-mail').click();
  await letter(count);
  await told(staff, home, 'Link sent');
});

stage.test('an administrator turns reminders on', { as: 'admin' }, async (page) => {
  await page.goto('/settings/reminders');
  await page.getByLabel('Send reminders by e-mail').check();
  await page.getByLabel('Days after the due date').fill('21, 7');
  await control(page, 'Save').click();
  await shows(page.getByRole('main'), 'The settings were saved.', 'Last changed by');
  assert.equal(await page.getByLabel('Days after the due date').inputValue(), '7, 21');
  await looks(page, 'mail-reminders');
});
