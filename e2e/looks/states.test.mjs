// What is not a page of its own: dialogs, open menus, refused forms, empty and missing things.
import { after, before, test } from 'node:test';

import { closePage, forgive, openBrowser, openPage } from '../lib/browser.mjs';
import { shows } from '../lib/expect.mjs';
import { control, rowLinks } from '../lib/find.mjs';
import { looks } from '../lib/looks.mjs';
import { finish, startServer } from '../lib/server.mjs';
import { LIMIT } from '../lib/settings.mjs';
import { signIn } from '../lib/staff.mjs';

/**
 * Each state: who sees it, where it begins (`:name` stands for an address that was found), what is
 * done there, and what then is to be read.
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
  },
  {
    name: 'the keys',
    role: 'biller',
    at: '/payments',
    does: (page) => page.getByRole('button', { name: 'Keys' }).click(),
    reads: ['Next and previous row'],
  },
  {
    name: 'the status menu',
    role: 'biller',
    at: '/payments',
    does: (page) => open(page, 'Status'),
    reads: ['Partially Refunded'],
  },
  {
    name: 'the location menu',
    role: 'biller',
    at: '/payments?location=LOC-001',
    does: (page) => open(page, 'Location'),
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
    refused: true,
  },
  {
    name: 'a refund without a reason',
    role: 'biller',
    at: ':refund',
    does: (page) => page.getByRole('button', { name: 'Review refund' }).click(),
    reads: ['reason'],
    refused: true,
  },
  {
    name: 'a patient without a name',
    role: 'front',
    at: '/patients/new',
    does: (page) => page.getByRole('button', { name: 'Save', exact: true }).click(),
    reads: ['name'],
    refused: true,
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
    refused: true,
  },
  { name: 'no right to a page', role: 'front', at: '/audit', reads: ['Your role does not allow this'], refused: true },
  { name: 'nothing is here', role: 'front', at: '/payments/PAY-99999999', reads: ['not'], refused: true },
];

let browser;
let server;
const states = {};
const found = {};

before(async () => {
  server = await startServer('states');
  browser = await openBrowser();
  for (const role of ['front', 'biller', 'manager']) {
    const page = await openPage(browser, server);
    states[role] = await signIn(page, role);
    await closePage(page);
  }
  const page = await openPage(browser, server, { state: states.biller });
  const first = async (address, folder, kind) => {
    await page.goto(address);
    return (await rowLinks(page, folder, kind))[0];
  };
  const patient = await first('/patients', '/patients', 'PAT');
  found.create = `/payments/new?patient=${patient.split('/').at(-1)}`;
  found.edit = `${await first('/payments?status=pending', '/payments', 'PAY')}/edit`;
  await page.goto('/payments?status=paid');
  for (const payment of await rowLinks(page, '/payments', 'PAY')) {
    await page.goto(payment);
    if (await control(page, 'Refund').count() === 0) continue;
    found.refund = `${payment}/refunds/new`;
    break;
  }
  await closePage(page);
}, LIMIT);

after(async () => {
  await browser?.close();
  if (server) await finish(server);
}, LIMIT);

for (const { name, role, at, does, reads, refused } of STATES) {
  test(name, LIMIT, async () => {
    const page = await openPage(browser, server, { state: states[role] });
    await page.goto(at.startsWith(':') ? found[at.slice(1)] : at);
    await does?.(page);
    await shows(page.locator('body'), ...reads);
    await looks(page, `state-${name.replaceAll(/\W+/g, '-')}`);
    // The browser itself notes a refusal as a failed load.
    if (refused || role === undefined) forgive(page, /status of 4\d\d/);
    await closePage(page);
  });
}

async function open(page, menu) {
  await page.getByRole('search').locator('summary').filter({ hasText: menu }).click();
}
