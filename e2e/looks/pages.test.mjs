// Every page, judged by the same yardsticks: accessibility, width, weight, silence.
import assert from 'node:assert/strict';
import { get } from 'node:http';
import path from 'node:path';
import { test } from 'node:test';

import { axe } from '../lib/axe.mjs';
import { bytes, forgive, layoutShift } from '../lib/browser.mjs';
import { firstOffering, rowLinks } from '../lib/find.mjs';
import { looks } from '../lib/looks.mjs';
import { home, screenshots, updateScreenshots } from '../lib/settings.mjs';
import { signIn } from '../lib/staff.mjs';
import { setStage } from '../lib/stage.mjs';

const KIB = 1024;
const LIST_BYTES_MAX = 60 * KIB;
const HTML_BYTES_MAX = 12 * KIB;
const ASSET_BYTES_MAX = 12 * KIB;
const LIST_ROWS = 50;
const FIRST_ROW_PX_MAX = 330;
const SHIFT_MAX = 0.02;
const SMALL_DESK = { width: 1366, height: 768 };

/** The pages and who opens them; `:PAY` and the like stand for an id that the demo has. */
const PAGES = [
  ['/payments', 'biller'],
  ['/payments?status=paid&status=pending&sort=amount&dir=asc', 'biller'],
  ['/payments?overdue=1', 'biller'],
  ['/payments?q=nobodyiscalledthis', 'biller'],
  ['/payments/exceptions', 'biller'],
  ['/payments/views?status=failed', 'biller'],
  ['/payments/picked?do=send&id=:PENDING', 'biller'],
  ['/jump?q=pay', 'biller'],
  ['/settings/jobs', 'admin'],
  ['/settings/webhooks', 'admin'],
  ['/imports', 'admin'],
  ['/audit?reads=1', 'manager'],
  ['/payments/new', 'biller'],
  ['/payments/new?patient=:PAT', 'biller'],
  ['/payments/:REFUNDABLE', 'biller'],
  ['/payments/:REFUNDABLE/refunds/new', 'biller'],
  ['/payments/:REFUNDABLE/receipts/:RCP', 'biller'],
  ['/payments/:REFUNDABLE/receipts/:RCP?itemised=1', 'biller'],
  ['/payments/:REVERSIBLE/reversal/new', 'manager'],
  ['/payments/:PENDING', 'biller'],
  ['/payments/:PENDING/edit', 'biller'],
  ['/payments/:PENDING/status/new?to=paid', 'biller'],
  ['/payments/:PENDING/status/new?to=cancelled', 'biller'],
  ['/payouts', 'biller'],
  ['/payouts/:PYO', 'biller'],
  ['/reports', 'manager'],
  ['/reports/day-close?day=2026-01-05', 'manager'],
  ['/reports/day-close/count?location=:LOC&day=2026-01-05', 'manager'],
  ['/reports/collections', 'manager'],
  ['/reports/aging', 'manager'],
  ['/reports/books', 'manager'],
  ['/patients', 'front'],
  ['/patients/new', 'front'],
  ['/patients/:PAT', 'front'],
  ['/patients/:PAT/edit', 'front'],
  ['/patients/duplicates', 'manager'],
  ['/patients/:PAT/merge', 'manager'],
  ['/patients/:PAT/merge?with=:TWIN', 'manager'],
  ['/treatments', 'front'],
  ['/treatments/new?patient=:PAT', 'front'],
  ['/treatments/:TRT', 'front'],
  ['/treatments/:TRT/edit', 'front'],
  ['/eligibility', 'front'],
  ['/eligibility?outcome=rejected&sort=payer&dir=asc', 'front'],
  ['/eligibility?q=nobodyiscalledthis', 'front'],
  ['/eligibility/inbox', 'front'],
  ['/eligibility/:ELG', 'front'],
  ['/eligibility/new?patient=:PAT', 'front'],
  ['/inquiries/:INQ', 'front'],
  ['/eligibility/:MATCHED/unmatch', 'biller'],
  ['/settings/locations', 'admin'],
  ['/settings/locations/:LOC', 'admin'],
  ['/settings/physicians', 'admin'],
  ['/settings/physicians/:PHY', 'admin'],
  ['/settings/eligibility', 'admin'],
  ['/settings/eligibility', 'biller'],
  ['/settings/reminders', 'admin'],
  ['/settings/reminders', 'biller'],
  ['/sign-in', undefined],
  ['/api/docs', undefined],
];
/** What pages link to that is a download, not a page. */
const DOWNLOADS = [
  '/payments/export.csv',
  '/payments/export.xlsx',
  '/reports/day-close.csv',
  '/reports/day-close.xlsx',
  '/reports/collections.csv',
  '/reports/collections.xlsx',
  '/reports/aging.csv',
  '/reports/aging.xlsx',
  '/reports/books.csv',
  '/payments/:PAY/documents/:NUMBER',
  '/eligibility/:ELG/raw',
  '/eligibility/files/:HASH/raw',
  '/api/v1/openapi.json',
];

const ids = {};
const linked = new Set();

const stage = setStage('pages', { prepare: findIds });

for (const [template, role] of PAGES) {
  stage.test(`${template}: accessible, narrow, still and silent`, { as: role }, async (page) => {
    const address = filled(template);
    const name = fileName(template);
    await open(page, address);
    assert.ok(await layoutShift(page) <= SHIFT_MAX, 'nothing moves by itself');
    await looks(page, name);
  });
}

stage.test('a list of 50 rows is light', { as: 'biller' }, async (page, t) => {
  await page.goto('/payments?per_page=50', { waitUntil: 'networkidle' });
  const rows = await page.getByRole('main').getByRole('row').count();
  assert.ok(rows > LIST_ROWS, `a heading and ${LIST_ROWS} rows, not ${rows}`);
  const { all, html } = await bytes(page);
  t.diagnostic(`${html} bytes of HTML, ${all} bytes in all`);
  assert.ok(html <= HTML_BYTES_MAX, `${html} bytes of HTML, at most ${HTML_BYTES_MAX}`);
  assert.ok(all <= LIST_BYTES_MAX, `${all} bytes in all, at most ${LIST_BYTES_MAX}`);
});

stage.test('the script and the styles are small', { as: 'biller' }, async (page, t) => {
  for (const address of ['/payments', '/eligibility', `/payments/${ids.PENDING}`, '/payments/new']) {
    await page.goto(address, { waitUntil: 'networkidle' });
  }
  const files = new Set(page.requests.map((request) => request.url()).filter((url) => url.includes('/assets/')));
  assert.ok([...files].some((url) => url.includes('/app.')), [...files].join());
  for (const url of files) {
    const size = await gzipped(url);
    t.diagnostic(`${new URL(url).pathname}: ${size} bytes, gzipped`);
    assert.ok(size > 0 && size <= ASSET_BYTES_MAX, `${url}: ${size} bytes`);
  }
});

test('every page that a page links to is judged here', () => {
  const judged = new Set([...PAGES.map(([template]) => pattern(template)), ...DOWNLOADS]);
  const unknown = [...linked].filter((address) => !judged.has(address));
  assert.deepEqual(unknown, [], 'add them to PAGES');
});

stage.test('the first row is in sight on a small desk screen', { as: 'biller', screen: SMALL_DESK }, async (page) => {
  await page.goto('/payments');
  const box = await page.getByRole('main').getByRole('row').nth(1).boundingBox();
  assert.ok(box.y <= FIRST_ROW_PX_MAX, `the first row begins at ${box.y} px`);
});

stage.test('a page that does not exist says so, accessibly', { as: 'biller' }, async (page) => {
  for (const address of ['/payments/PAY-99999999', '/nothing-is-here']) {
    const response = await page.goto(address);
    assert.equal(response.status(), 404, address);
    await axe(page, address);
  }
  forgive(page, /status of 404/);
});

stage.test('nothing is seen without signing in, nor after signing out', {}, async (page) => {
  for (const address of ['/payments', '/payments/PAY-001', '/patients', '/settings/locations']) {
    await page.goto(address);
    assert.equal(new URL(page.url()).pathname, '/sign-in', address);
  }
  await signIn(page, 'front');
  await page.getByRole('button', { name: 'Sign out' }).first().click();
  await page.waitForURL(/\/sign-in/);
  await page.goBack();
  await page.waitForLoadState();
  assert.equal(await page.getByRole('heading', { name: 'Payments' }).count(), 0, 'Back shows nothing');
  // The browser tells that it forgot what it kept, as it was asked to.
  forgive(page, /Cleared data types/);
});

stage.test('the picture in the documents can be taken', { as: 'biller' }, async (page) => {
  await page.goto('/payments', { waitUntil: 'networkidle' });
  const folder = updateScreenshots ? path.join(home, '../docs/screenshots') : screenshots;
  const picture = await page.screenshot({ path: path.join(folder, 'payments.png') });
  assert.equal(picture.readUInt32BE(16), page.viewportSize().width, 'it is as wide as the window');
});

/** How long a file is to a browser that takes nothing newer than gzip. */
function gzipped(url) {
  return new Promise((resolve, reject) => {
    get(url, { headers: { 'accept-encoding': 'gzip' } }, (reply) => {
      assert.equal(reply.statusCode, 200, url);
      let size = 0;
      reply.on('data', (part) => { size += part.length; });
      reply.on('end', () => resolve(size));
    }).on('error', reject);
  });
}

async function open(page, address) {
  const response = await page.goto(address);
  assert.equal(response.status(), 200, address);
  assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1, 'one main heading');
  const links = await page.locator('a[href]').evaluateAll((all) => all.map((link) => link.href));
  const forms = await page.locator('form[action][method=get], form[action]:not([method])')
    .evaluateAll((all) => all.map((form) => form.action));
  for (const href of [...links, ...forms]) {
    if (href.startsWith(`${stage.server.url}/`)) linked.add(pattern(new URL(href).pathname));
  }
}

/** An address without its query, with the kind of every id in place of the id. */
function pattern(address) {
  const kinds = { REFUNDABLE: 'PAY', REVERSIBLE: 'PAY', PENDING: 'PAY', MATCHED: 'ELG' };
  return address.split('?')[0]
    .replaceAll(/:([A-Z]+)/g, (_, name) => `:${kinds[name] ?? name}`)
    .replaceAll(/\/[0-9a-f]{64}\b/g, '/:HASH')
    .replaceAll(/\/\d+\b/g, '/:NUMBER')
    .replaceAll(/\/([A-Z]{3})-\d+/g, '/:$1');
}

/** Finds something of every kind in the demo's data. */
async function findIds() {
  const biller = await stage.open({ as: 'biller' });
  const list = async (page, address, folder, kind) => {
    await page.goto(address);
    return (await rowLinks(page, folder, kind)).map(id);
  };
  [ids.PENDING] = await list(biller, '/payments?status=pending', '/payments', 'PAY');
  const patients = await list(biller, '/patients', '/patients', 'PAT');
  [ids.PAT, ids.TWIN] = patients;
  [ids.TRT] = await list(biller, '/treatments', '/treatments', 'TRT');
  [ids.ELG] = await list(biller, '/eligibility', '/eligibility', 'ELG');
  // The oldest check has its patient.
  [ids.MATCHED] = await list(biller, '/eligibility?sort=checked&dir=asc', '/eligibility', 'ELG');
  [ids.PYO] = await list(biller, '/payouts', '/payouts', 'PYO');
  ids.INQ = await firstQuestion(patients);
  const manager = await stage.open({ as: 'manager' });
  await manager.goto('/payments?status=paid');
  const paid = await rowLinks(manager, '/payments', 'PAY');
  ids.REVERSIBLE = id(await firstOffering(manager, paid, 'Reverse'));
  ids.REFUNDABLE = id(await firstOffering(manager, paid, 'Refund'));
  ids.RCP = (await manager.getByRole('link', { name: /^RCP-/ }).first().innerText()).trim();
  const admin = await stage.open({ as: 'admin' });
  [ids.LOC] = await list(admin, '/settings/locations', '/settings/locations', 'LOC');
  [ids.PHY] = await list(admin, '/settings/physicians', '/settings/physicians', 'PHY');
}

/** Asks about the first of these patients who is insured: the demo's first question. */
async function firstQuestion(patients) {
  const page = await stage.open({ as: 'front' });
  for (const patient of patients) {
    await page.goto(`/eligibility/new?patient=${patient}`);
    if (await page.getByLabel('Coverage').locator('option').count() > 0) break;
  }
  await page.getByRole('button', { name: 'Run check' }).click();
  await page.waitForURL(/\/patients\//);
  return 'INQ-001';
}

/** The id at the end of an address. */
function id(address) {
  return address.split('/').at(-1);
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
