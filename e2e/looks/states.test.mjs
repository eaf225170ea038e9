// What is not a page of its own: dialogs, open menus, refused forms, files on their way, empty and
// missing things.
import { mkdtemp, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

import { forgive } from '../lib/browser.mjs';
import { AWKWARD } from '../lib/canaries.mjs';
import { focused, shows } from '../lib/expect.mjs';
import { control, firstOffering, region, rowLinks } from '../lib/find.mjs';
import { looks } from '../lib/looks.mjs';
import { setStage } from '../lib/stage.mjs';

const HOUR_S = 3600;
const MIB = 1024 * 1024;
const search = (page) => page.getByRole('searchbox', { name: 'Search' });
const goal = (page) => page.getByRole('combobox', { name: 'Payment, patient or page' });
const summary = (name) => (page) => page.locator('.menu > summary').filter({ hasText: name });
const file = (name, text, size = 0) => (
  { name, mimeType: 'text/plain', buffer: Buffer.concat([Buffer.from(text), Buffer.alloc(size)]) }
);

/**
 * Each state: who sees it, where it begins (`:name` stands for an address that was found), what is
 * done there, and what then is to be read.
 *
 * What opens over the page says where the focus is `before`, and where it goes `then`; Escape closes
 * it and brings the focus back. `prepares` is done before the page is asked for. What the browser
 * itself notes of it, such as a refusal, is to be `forgiven`.
 */
const STATES = [
  {
    name: 'a wrong password',
    at: '/sign-in',
    does: async (page) => {
      await page.getByLabel('E-mail').fill('nobody@demo.clinic');
      await page.getByLabel('Password', { exact: true }).fill('not the password');
      await page.getByRole('button', { name: 'Sign in' }).click();
    },
    reads: ['E-mail or password'],
    forgiven: /status of 4\d\d/,
  },
  {
    name: 'the keys',
    role: 'biller',
    at: '/payments',
    before: (page) => page.getByRole('button', { name: 'Keys' }),
    does: (page) => page.keyboard.press('Enter'),
    then: (page) => page.getByRole('checkbox', { name: 'Use single keys' }),
    reads: ['Next and previous row'],
  },
  {
    name: 'the status menu',
    role: 'biller',
    at: '/payments',
    before: summary('Status'),
    does: (page) => page.keyboard.press('Enter'),
    then: summary('Status'),
    reads: ['Partially Refunded'],
  },
  {
    name: 'the location menu',
    role: 'biller',
    at: '/payments?location=LOC-001',
    before: summary('Location'),
    does: (page) => page.keyboard.press('Enter'),
    then: summary('Location'),
    reads: ['Remove filter'],
  },
  {
    name: 'more filters, one of them refused',
    role: 'biller',
    at: '/payments?min=abc',
    reads: ['Amount from'],
  },
  {
    name: 'a month that is folded out',
    role: 'manager',
    at: '/payments',
    does: (page) => page.getByText('By month', { exact: true }).click(),
    reads: ['Month'],
  },
  {
    name: 'all filters at once',
    role: 'biller',
    at: '/payments?status=paid&status=pending&location=LOC-001&min=1&max=900&overdue=1&q=a',
    reads: ['Clear all'],
  },
  { name: 'no payment matches', role: 'biller', at: '/payments?q=nobodyiscalledthis', reads: ['No payment matches'] },
  {
    name: 'a payment refused in every field',
    role: 'biller',
    at: ':create',
    does: async (page) => {
      await page.getByLabel('Amount', { exact: true }).fill('12.345');
      await page.getByLabel('Due Date').fill('2020-01-31');
      await page.getByRole('button', { name: 'Create', exact: true }).click();
    },
    reads: ['decimals', 'This due date has passed'],
    forgiven: /status of 422/,
  },
  {
    name: 'a refund without a reason',
    role: 'biller',
    at: ':refund',
    does: (page) => page.getByRole('button', { name: 'Review refund' }).click(),
    reads: ['reason'],
    forgiven: /status of 422/,
  },
  {
    name: 'a patient without a name',
    role: 'front',
    at: '/patients/new',
    does: (page) => page.getByRole('button', { name: 'Save', exact: true }).click(),
    reads: ['name'],
    forgiven: /status of 422/,
  },
  {
    name: 'an edit that is refused',
    role: 'biller',
    at: ':edit',
    does: async (page) => {
      await page.getByLabel('Amount', { exact: true }).fill('0');
      await page.getByRole('button', { name: 'Save', exact: true }).click();
    },
    reads: ['Amount'],
    forgiven: /status of 422/,
  },
  {
    name: 'the columns menu',
    role: 'biller',
    at: '/payments',
    before: summary('Columns'),
    does: (page) => page.keyboard.press('Enter'),
    then: summary('Columns'),
    reads: ['Payment Type', 'Compact rows', 'Show these'],
  },
  {
    name: 'the jump',
    role: 'biller',
    at: '/payments',
    before: (page) => page.getByRole('link', { name: 'Jump' }),
    does: (page) => page.keyboard.press('Enter'),
    then: goal,
    reads: ['Payment, patient or page'],
  },
  {
    name: 'the jump, with what it found',
    role: 'manager',
    at: '/reports/aging',
    before: (page) => control(page, 'Export CSV'),
    does: async (page) => {
      await page.keyboard.press('Control+k');
      await page.keyboard.type('candlew');
      await page.getByRole('option', { name: /Candlewick/ }).first().waitFor();
      await page.keyboard.press('ArrowDown');
    },
    then: goal,
    reads: ['Candlewick'],
  },
  {
    name: 'the jump, with nothing found',
    role: 'front',
    at: '/payments',
    before: search,
    does: async (page) => {
      await page.keyboard.press('Control+k');
      await page.keyboard.type('nobodyiscalledthis');
    },
    then: goal,
    reads: ['Nothing is called so.'],
  },
  {
    name: 'the end of a session',
    role: 'biller',
    at: '/payments',
    prepares: async (page) => {
      await page.clock.install();
      await page.route('**/session', (route) => route.fulfill({ json: { left: 90 } }));
    },
    before: search,
    does: (page) => page.clock.fastForward(HOUR_S * 1000),
    then: (page) => page.getByRole('button', { name: 'Stay signed in' }),
    reads: ['You will be signed out soon'],
  },
  {
    name: 'payments that are picked',
    role: 'biller',
    at: '/payments?status=draft',
    does: (page) => pick(page, 2),
    reads: ['2 picked', 'Export picked', 'Send links', 'Cancel drafts'],
  },
  {
    name: 'links to be sent',
    role: 'biller',
    at: '/payments?status=pending',
    does: (page) => pick(page, 3, 'Send links'),
    reads: ['Send payment links', 'Each patient who agreed'],
  },
  {
    name: 'links that were sent, or not',
    role: 'biller',
    at: '/payments?status=pending',
    does: async (page) => {
      await pick(page, 3, 'Send links');
      await page.getByRole('button', { name: 'Send 3 links' }).click();
    },
    reads: ['of 3 done'],
  },
  {
    name: 'drafts to be cancelled, and what is none',
    role: 'biller',
    at: '/payments?status=draft&status=paid',
    does: async (page) => {
      await page.locator('tr', { hasText: 'Draft' }).locator('.pick input').first().check();
      await page.locator('tr', { hasText: 'Paid' }).locator('.pick input').first().check();
      await page.getByRole('button', { name: 'Cancel drafts' }).click();
    },
    reads: ['Cancel 1 draft', 'can be reopened'],
  },
  {
    name: 'drafts that were cancelled',
    role: 'biller',
    at: '/payments?status=draft',
    does: async (page) => {
      await pick(page, 2, 'Cancel drafts');
      await page.getByRole('button', { name: 'Cancel 2 drafts' }).click();
    },
    reads: ['2 of 2 done', 'The draft was cancelled.'],
  },
  {
    name: 'a view without a name',
    role: 'biller',
    at: '/payments/views?status=failed',
    does: (page) => page.getByRole('button', { name: 'Save view' }).click(),
    reads: ['Enter a name.'],
    forgiven: /status of 422/,
  },
  {
    name: 'views that are saved',
    role: 'biller',
    at: '/payments/views?status=failed',
    does: async (page) => {
      await page.getByLabel('Name').fill(AWKWARD);
      await page.getByRole('button', { name: 'Save view' }).click();
      await page.waitForURL(/status=failed/);
      await page.goto('/payments/views');
    },
    reads: [AWKWARD, 'Remove'],
  },
  {
    name: 'documents on their way',
    role: 'front',
    at: ':documents',
    does: async (page) => {
      await page.route('**/documents', () => {});
      await upload(page, file('a.txt', 'a'), file('b.txt', 'b'), file('c.txt', 'c'));
    },
    reads: ['Sending', 'Waiting', 'Cancel all', '0 of 3 files done'],
  },
  {
    name: 'documents that were not taken',
    role: 'front',
    at: ':documents',
    does: async (page) => {
      await page.route('**/documents', (route) => route.abort());
      await upload(page, file('lost.txt', 'a'));
      await shows(region(page, 'Documents'), 'The file was not sent.');
      await page.unroute('**/documents');
      await upload(page, file('page.txt', '<!doctype html><script></script>'), file(AWKWARD, 'x', 26 * MIB));
    },
    reads: ['3 of 3 files done, 3 not taken', 'Try again', 'this is a web page', 'larger than 25 MB'],
    forgiven: /ERR_FAILED/,
  },
  {
    name: 'documents that were added, and one that is deleted',
    role: 'front',
    at: ':documents',
    does: async (page) => {
      await upload(page, file('kept.txt', 'kept'), file('gone.txt', 'gone'));
      const part = region(page, 'Documents');
      await shows(part, '2 of 2 files done');
      await page.reload();
      await part.getByText('Rename or delete').last().click();
      await part.getByRole('button', { name: /^Delete/ }).click();
      await part.getByText('Deleted documents (1)').click();
      await part.getByText('Rename or delete').first().click();
    },
    reads: ['can be restored for 30 days', 'Restore'],
  },
  {
    name: 'a patient added for a payment, without a name',
    role: 'front',
    at: '/patients/new?for=payment',
    does: (page) => page.getByRole('button', { name: 'Save and go on with the payment' }).click(),
    reads: ['name'],
    forgiven: /status of 422/,
  },
  {
    name: 'a drawer without an amount',
    role: 'manager',
    at: '/reports/day-close',
    does: async (page) => {
      await control(page, /^Count the drawer/).click();
      await page.getByRole('button', { name: 'Save', exact: true }).click();
    },
    reads: ['Enter an amount.'],
    forgiven: /status of 422/,
  },
  { name: 'no right to a page', role: 'front', at: '/audit', reads: ['Your role does not allow'], forgiven: /403/ },
  { name: 'nothing is here', role: 'front', at: '/payments/PAY-99999999', reads: ['not'], forgiven: /404/ },
];

const found = {};

const stage = setStage('states', {
  mail: true,
  prepare: async () => {
    const page = await stage.open({ as: 'biller' });
    const list = async (address, folder, kind) => {
      await page.goto(address);
      return rowLinks(page, folder, kind);
    };
    const [patient] = await list('/patients', '/patients', 'PAT');
    found.create = `/payments/new?patient=${patient.split('/').at(-1)}`;
    const [pending] = await list('/payments?status=pending', '/payments', 'PAY');
    found.edit = `${pending}/edit`;
    const paid = await list('/payments?status=paid', '/payments', 'PAY');
    found.documents = paid.at(-1);
    found.refund = `${await firstOffering(page, paid, 'Refund')}/refunds/new`;
  },
});

for (const { name, role, at, prepares, before, does, then, reads, forgiven } of STATES) {
  stage.test(name, { as: role }, async (page) => {
    await prepares?.(page);
    await page.goto(at.startsWith(':') ? found[at.slice(1)] : at);
    await before?.(page).focus();
    await does?.(page);
    await shows(page.locator('body'), ...reads);
    if (before) await focused(then(page));
    await looks(page, `state-${name.replaceAll(/\W+/g, '-')}`);
    if (before) {
      await page.keyboard.press('Escape');
      await focused(before(page));
    }
    if (forgiven) forgive(page, forgiven);
  });
}

/** Picks the first rows of the list, and says what to do with them. */
async function pick(page, count, name) {
  const boxes = page.locator('tbody .pick input');
  for (let row = 0; row < count; row += 1) await boxes.nth(row).check();
  if (name) await page.getByRole('button', { name }).click();
}

async function upload(page, ...files) {
  const part = region(page, 'Documents');
  // From a folder: what is large would be long on its way to the browser otherwise.
  const folder = await mkdtemp(path.join(os.tmpdir(), 'almoner-e2e-files-'));
  const paths = files.map(({ name }) => path.join(folder, name));
  await Promise.all(files.map(({ buffer }, place) => writeFile(paths[place], buffer)));
  await part.locator('input[type=file]').setInputFiles(paths);
  await part.getByRole('button', { name: 'Upload' }).click();
}
