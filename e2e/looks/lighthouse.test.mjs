// Lighthouse finds nothing wanting in the pages that most people see.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { control, rowLinks } from '../lib/find.mjs';
import { audit, openAuditor } from '../lib/lighthouse.mjs';
import { LIMIT } from '../lib/settings.mjs';
import { setStage } from '../lib/stage.mjs';

const GATED = ['accessibility', 'best-practices'];

let auditor;
const addresses = { list: '/payments', create: '/payments/new' };

const stage = setStage('lighthouse', {
  prepare: async () => {
    const page = await stage.open({ as: 'biller' });
    await page.goto('/payments?status=pending');
    [addresses.detail] = await rowLinks(page, '/payments', 'PAY');
    await page.goto(addresses.detail);
    await control(page, 'Generate link').click();
    addresses.pay = new URL(await page.getByLabel('Link', { exact: true }).inputValue()).pathname;
    auditor = await openAuditor(await stage.state('biller'));
  },
});

after(() => auditor?.close(), LIMIT);

for (const name of ['list', 'detail', 'create', 'pay']) {
  for (const screen of ['phone', 'desk']) {
    test(`${name} on a ${screen}: 100 in accessibility and best practices`, LIMIT, async () => {
      const { scores, wanting } = await audit(auditor, `${stage.server.url}${addresses[name]}`, screen, GATED);
      assert.deepEqual(wanting, []);
      assert.deepEqual(scores, { accessibility: 100, 'best-practices': 100 });
    });
  }
}
