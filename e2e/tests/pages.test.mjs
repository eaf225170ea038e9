// Every page, judged by the same yardsticks: accessibility, width, weight, silence.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { axe } from '../lib/axe.mjs';
import {
  SCREENS, bytes, closePage, forgive, layoutShift, openBrowser, openPage, overflow, shot,
} from '../lib/browser.mjs';
import { rowLinks } from '../lib/find.mjs';
import { finish, startServer } from '../lib/server.mjs';
import { LIMIT, home, updateScreenshots } from '../lib/settings.mjs';
import { signIn } from '../lib/staff.mjs';

const KIB = 1024;
const LIST_BYTES_MAX = 60 * KIB;
const HTML_BYTES_MAX = 12 * KIB;
const LIST_ROWS = 50;
const FIRST_ROW_PX_MAX = 330;
const SHIFT_MAX = 0.02;
const ROLES = ['front', 'biller', 'manager', 'admin'];

/** The pages and who opens them; `:PAY` and the like stand for the first id of a list. */
const PAGES = [
  ['/payments', 'biller'],
  ['/payments?status=paid&status=pending&sort=amount&dir=asc', 'biller'],
  ['/payments?overdue=1', 'biller'],
  ['/payments?q=nobodyiscalledthis', 'biller'],
  ['/payments/new', 'biller'],
  ['/payments/:PAY', 'biller'],
  ['/payments/:PAID/refunds/new', 'biller'],
  ['/payments/:PENDING', 'biller'],
  ['/payments/:PENDING/edit', 'biller'],
  ['/payments/:PENDING/status/new?status=paid', 'biller'],
  ['/payments/:PAID/reversal/new', 'manager'],
  ['/patients', 'front'],
  ['/patients/new', 'front'],
  ['/patients/:PAT', 'front'],
  ['/treatments', 'front'],
  ['/treatments/new', 'front'],
  ['/treatments/:TRT', 'front'],
  ['/eligibility', 'front'],
  ['/eligibility/:ELG', 'front'],
  ['/reports/day-close', 'manager'],
  ['/reports/collections', 'manager'],
  ['/reports/aging', 'manager'],
  ['/audit', 'manager'],
  ['/settings', 'admin'],
  ['/sign-in', undefined],
];

let browser;
let server;
const states = {};
const ids = {};

before(async () => {
  server = await startServer('pages');
  browser = await openBrowser();
  for (const role of ROLES) {
    const page = await openPage(browser, server);
    states[role] = await signIn(page, role);
    await closePage(page);
  }
  const page = await openPage(browser, server, { state: states.biller });
  const first = async (address, folder, kind) => {
    await page.goto(address);
    return (await rowLinks(page, folder, kind))[0]?.split('/').at(-1);
  };
  ids.PAY = await first('/payments', '/payments', 'PAY');
  ids.PAID = await first('/payments?status=paid', '/payments', 'PAY');
  ids.PENDING = await first('/payments?status=pending', '/payments', 'PAY');
  ids.PAT = await first('/patients', '/patients', 'PAT');
  ids.TRT = await first('/treatments', '/treatments', 'TRT');
  ids.ELG = await first('/eligibility', '/eligibility', 'ELG');
  await page.context().close();
}, LIMIT);

after(async () => {
  await browser?.close();
  if (server) await finish(server);
}, LIMIT);

for (const [template, role] of PAGES) {
  test(`${template}: accessible, narrow, still and silent`, LIMIT, async () => {
    const address = filled(template);
    for (const scheme of ['light', 'dark']) {
      const page = await openPage(browser, server, { scheme, state: states[role] });
      await open(page, address);
      await axe(page, `${address} in ${scheme}`);
      assert.ok(await layoutShift(page) <= SHIFT_MAX, 'nothing moves by itself');
      await shot(page, `${fileName(template)}-${scheme}`);
      await closePage(page);
    }
    for (const [name, screen] of Object.entries({ phone: SCREENS.phone, narrow: SCREENS.narrow })) {
      const page = await openPage(browser, server, { screen, state: states[role] });
      await open(page, address);
      await shot(page, `${fileName(template)}-${name}`);
      assert.ok(await overflow(page) <= 0, `the body scrolls sideways on ${screen.width} px`);
      await closePage(page);
    }
  });
}

test('a list of 50 rows is light', LIMIT, async (t) => {
  const page = await openPage(browser, server, { state: states.biller });
  await page.goto('/payments?per_page=50', { waitUntil: 'networkidle' });
  const rows = await page.getByRole('main').getByRole('row').count();
  assert.ok(rows > LIST_ROWS, `a heading and ${LIST_ROWS} rows, not ${rows}`);
  const { all, html } = await bytes(page);
  t.diagnostic(`${html} bytes of HTML, ${all} bytes in all`);
  assert.ok(html <= HTML_BYTES_MAX, `${html} bytes of HTML, at most ${HTML_BYTES_MAX}`);
  assert.ok(all <= LIST_BYTES_MAX, `${all} bytes in all, at most ${LIST_BYTES_MAX}`);
  await closePage(page);
});

test('the first row is in sight on a small desk screen', LIMIT, async () => {
  const screen = { width: 1366, height: 768 };
  const page = await openPage(browser, server, { screen, state: states.biller });
  await page.goto('/payments');
  const box = await page.getByRole('main').getByRole('row').nth(1).boundingBox();
  assert.ok(box.y <= FIRST_ROW_PX_MAX, `the first row begins at ${box.y} px`);
  await closePage(page);
});

test('a page that does not exist says so, accessibly', LIMIT, async () => {
  const page = await openPage(browser, server, { state: states.biller });
  for (const address of ['/payments/PAY-99999999', '/nothing-is-here']) {
    const response = await page.goto(address);
    assert.equal(response.status(), 404, address);
    await axe(page, address);
  }
  forgive(page, /status of 404/);
  await closePage(page);
});

test('nothing is seen without signing in, nor after signing out', LIMIT, async () => {
  const page = await openPage(browser, server);
  for (const address of ['/payments', '/payments/PAY-001', '/patients', '/settings', '/audit']) {
    await page.goto(address);
    assert.equal(new URL(page.url()).pathname, '/sign-in', address);
  }
  await signIn(page, 'front');
  await page.getByRole('button', { name: 'Sign out' }).first().click();
  await page.waitForURL(/\/sign-in/);
  await page.goBack();
  await page.waitForLoadState();
  assert.equal(await page.getByRole('heading', { name: 'Payments' }).count(), 0, 'Back shows nothing');
  await closePage(page);
});

test('the picture in the documents', { ...LIMIT, skip: !updateScreenshots }, async () => {
  const page = await openPage(browser, server, { state: states.biller });
  await page.goto('/payments', { waitUntil: 'networkidle' });
  await page.screenshot({ path: path.join(home, '../docs/screenshots/payments.png') });
  await closePage(page);
});

async function open(page, address) {
  const response = await page.goto(address, { waitUntil: 'networkidle' });
  assert.equal(response.status(), 200, address);
  assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1, 'one main heading');
}

function filled(template) {
  return template.replaceAll(/:([A-Z]+)/g, (_, kind) => {
    assert.ok(ids[kind], `the demo has something for :${kind}`);
    return ids[kind];
  });
}

function fileName(template) {
  return template.replaceAll(/\W+/g, '-').replaceAll(/^-|-$/g, '');
}
