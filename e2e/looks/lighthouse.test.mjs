// Lighthouse finds nothing wanting in the pages that most people see.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { closePage, openBrowser, openPage } from '../lib/browser.mjs';
import { control, rowLinks } from '../lib/find.mjs';
import { audit, openAuditor } from '../lib/lighthouse.mjs';
import { finish, startServer } from '../lib/server.mjs';
import { LIMIT } from '../lib/settings.mjs';
import { signIn } from '../lib/staff.mjs';

const GATED = ['accessibility', 'best-practices'];

let server;
let auditor;
const addresses = {};

before(async () => {
  server = await startServer('lighthouse');
  const browser = await openBrowser();
  const page = await openPage(browser, server);
  const state = await signIn(page, 'biller');
  addresses.list = '/payments';
  addresses.create = '/payments/new';
  await page.goto('/payments?status=pending');
  [addresses.detail] = await rowLinks(page, '/payments', 'PAY');
  await page.goto(addresses.detail);
  await control(page, 'Generate link').click();
  addresses.pay = new URL(await page.getByLabel('Link', { exact: true }).inputValue()).pathname;
  await closePage(page);
  await browser.close();
  auditor = await openAuditor(state);
}, LIMIT);

after(async () => {
  await auditor?.close();
  if (server) await finish(server);
}, LIMIT);

for (const name of ['list', 'detail', 'create', 'pay']) {
  for (const screen of ['phone', 'desk']) {
    test(`${name} on a ${screen}: 100 in accessibility and best practices`, LIMIT, async () => {
      const { scores, wanting } = await audit(auditor, `${server.url}${addresses[name]}`, screen, GATED);
      assert.deepEqual(wanting, []);
      assert.deepEqual(scores, { accessibility: 100, 'best-practices': 100 });
    });
  }
}
