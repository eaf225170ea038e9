// What the payments list can do beside being read: files, several payments at once, views, columns,
// the jump; and the end of a session.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { forgive, shot } from '../lib/browser.mjs';
import { shows } from '../lib/expect.mjs';
import { control } from '../lib/find.mjs';
import { setStage } from '../lib/stage.mjs';

const stage = setStage('list');

/** The ids of the first column of a file. */
async function fileOf(page, press) {
  const arriving = page.waitForEvent('download');
  await press();
  const download = await arriving;
  const text = readFileSync(await download.path(), 'utf8');
  assert.match(text, /^\ufeffPayment ID,Patient,Patient ID,Amount,/);
  const ids = text.split('\r\n').slice(1, -1).map((line) => line.split(',')[0]);
  return [download.suggestedFilename(), ids];
}

stage.test('the list as it is narrowed is taken away as a file', { as: 'biller' }, async (page) => {
  await page.goto('/payments?sort=amount');
  await page.getByRole('search').locator('#m-status').click();
  await page.getByRole('checkbox', { name: 'Failed', exact: true }).check();
  await page.waitForURL(/status=failed/);
  const total = await page.locator('#results .pages p').first().textContent();
  // The button above the list follows the filter, which was set without loading the page again.
  const [name, ids] = await fileOf(page, () => control(page, 'Export CSV').click());
  assert.match(name, /^payments-\d{4}-\d{2}-\d{2}\.csv$/);
  assert.equal(ids.length, Number(/of (\d+)/.exec(total)[1]));
  const listed = await page.locator('#results tbody th').allTextContents();
  assert.deepEqual(ids.slice(0, listed.length), listed.map((id) => id.trim()));
  const arriving = page.waitForEvent('download');
  await control(page, 'Export XLSX').click();
  const workbook = await arriving;
  assert.match(new URL(workbook.url()).search, /status=failed/);
  assert.match(workbook.suggestedFilename(), /^payments-\d{4}-\d{2}-\d{2}\.xlsx$/);
  assert.equal(readFileSync(await workbook.path()).subarray(0, 2).toString(), 'PK');
});

for (const scripts of [true, false]) {
  const how = scripts ? 'with scripts' : 'without scripts';
  stage.test(`several payments are picked, ${how}`, { as: 'biller', scripts }, async (page) => {
    await page.goto('/payments?status=draft&per_page=25');
    const picks = page.locator('tbody .pick input');
    const bar = page.locator('#bulk');
    assert.equal(await bar.isVisible(), false);
    await picks.nth(0).check();
    await picks.nth(1).check();
    assert.equal(await bar.isVisible(), true);
    if (scripts) {
      await shows(bar, '2 picked');
      await page.getByRole('checkbox', { name: 'Pick all on this page' }).check();
      await shows(bar, '25 picked');
      await page.getByRole('checkbox', { name: 'Pick all on this page' }).uncheck();
      assert.equal(await bar.isVisible(), false);
      await picks.nth(0).check();
      await picks.nth(1).check();
      await shot(page, 'payments-picked');
    }
    const wanted = (await page.locator('#results tbody th').allTextContents()).slice(0, 2);
    const [, ids] = await fileOf(page, () => page.getByRole('button', { name: 'Export picked' }).click());
    assert.deepEqual(ids, wanted.map((id) => id.trim()));
    await page.getByRole('button', { name: 'Cancel drafts' }).click();
    await shows(page.getByRole('heading', { level: 1 }), 'Cancel drafts');
    await page.getByRole('button', { name: 'Cancel 2 drafts' }).click();
    await shows(page.getByRole('status').filter({ hasText: 'done' }), '2 of 2 done');
    await control(page, 'Back to the list').click();
    await page.waitForURL(/\/payments\?status=draft&per_page=25$/);
    const left = await page.locator('#results tbody th').allTextContents();
    assert.ok(!left.map((id) => id.trim()).some((id) => ids.includes(id)));
  });
}

stage.test('a range is said in words, and typed dates take its place', { as: 'biller' }, async (page) => {
  await page.goto('/payments');
  await page.getByText('More filters').click();
  const due = page.getByLabel('Due', { exact: true });
  await due.selectOption({ label: 'Next 7 days' });
  await page.waitForURL(/\/payments\?due=next_7_days$/);
  await shows(page.getByRole('list', { name: 'Filters at work' }), 'Due next 7 days');
  await shot(page, 'payments-ranges');
  await page.getByLabel('Due from', { exact: true }).fill('2026-01-02');
  await page.waitForURL(/\/payments\?due_from=2026-01-02$/);
  assert.equal(await due.inputValue(), '');
  await due.selectOption({ label: 'No due date' });
  await page.waitForURL(/\/payments\?due=none$/);
  assert.equal(await page.getByLabel('Due from', { exact: true }).inputValue(), '');
  await shows(page.locator('#results tbody tr').first().locator('td.date').first(), '–');
  await page.getByRole('link', { name: 'Remove filter: No due date' }).click();
  await page.waitForURL(/\/payments$/);
});

stage.test('a view is saved, found again, and removed; columns stay chosen', { as: 'biller' }, async (page) => {
  await page.goto('/payments?overdue=1&sort=due&dir=asc');
  await control(page, '+ View: save this one').click();
  await page.getByRole('button', { name: 'Save view' }).click();
  await shows(page.getByRole('alert'), 'Enter a name.');
  forgive(page, /422/);
  await page.getByLabel('Name').fill('O\'Brien & Søn <b>');
  await page.getByRole('button', { name: 'Save view' }).click();
  await page.waitForURL(/\/payments\?overdue=1&sort=due&dir=asc$/);
  const view = page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: 'O\'Brien' });
  assert.equal(await view.getAttribute('aria-current'), 'page');
  await page.goto('/payments');
  await view.click();
  await page.waitForURL(/overdue=1/);
  await page.locator('#m-columns').click();
  await page.getByRole('group', { name: 'Columns' }).getByRole('checkbox', { name: 'Location' }).check();
  await page.getByRole('checkbox', { name: 'Compact rows' }).check();
  await page.getByRole('button', { name: 'Show these' }).click();
  await page.waitForURL(/overdue=1/);
  await page.getByRole('columnheader', { name: 'Location' }).waitFor();
  await shot(page, 'payments-columns');
  await page.goto('/payments/views');
  await page.getByRole('button', { name: /^Remove/ }).click();
  await shows(page.getByRole('main'), 'You have saved none yet.');
});

stage.test('the keyboard leads to a patient, a payment and a page', { as: 'biller' }, async (page) => {
  await page.goto('/settings/locations');
  const field = page.getByRole('combobox', { name: 'Payment, patient or page' });
  const go = async (typed, to) => {
    await page.keyboard.press('Control+k');
    await field.fill('');
    await page.keyboard.type(typed);
    await page.locator('#jumps [role=option]').filter({ hasText: to }).first().waitFor();
    await page.keyboard.press('ArrowDown');
    assert.equal(await field.getAttribute('aria-activedescendant'), 'jumps-1');
  };
  await go('candlew', 'Candlewick');
  await shot(page, 'jump');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/patients\/PAT-\d+$/);
  await go('pay-12', 'PAY-012');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/payments\/PAY-012$/);
  await go('payo', 'Payouts');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/payouts$/);
  await page.keyboard.press('Control+k');
  await page.keyboard.type('13');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/payments\/PAY-013$/);
});

stage.test('a patient is found while typing', { as: 'biller' }, async (page) => {
  await page.goto('/payments/new');
  const field = page.getByRole('combobox', { name: 'Patient' });
  await field.pressSequentially('yarrowb');
  await page.getByRole('option', { name: /Yarrowby/ }).first().waitFor();
  assert.equal(await field.getAttribute('aria-expanded'), 'true');
  await page.keyboard.press('ArrowUp');
  const last = await page.getByRole('option').last().getAttribute('id');
  assert.equal(await field.getAttribute('aria-activedescendant'), last);
  await page.keyboard.press('ArrowDown');
  const href = await page.locator('[aria-selected=true]').getAttribute('href');
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => `${url.pathname}${url.search}`.startsWith(href));
  await page.goto('/payments/new');
  await field.pressSequentially('zzznobody');
  await shows(page.getByRole('main'), 'No patient matches this name.');
});

stage.test('the end of a session is told in time, and can be put off', { as: 'biller' }, async (page) => {
  await page.clock.install();
  let left = 90;
  const asked = [];
  await page.route('**/session', (route) => {
    asked.push(route.request().method());
    if (route.request().method() === 'POST') left = 900;
    return route.fulfill({ json: { left } });
  });
  await page.goto('/payments');
  await page.clock.fastForward('12:01');
  const dialog = page.getByRole('dialog', { name: 'You will be signed out soon' });
  await dialog.waitFor();
  await shot(page, 'session-ends');
  await dialog.getByRole('button', { name: 'Stay signed in' }).click();
  await dialog.waitFor({ state: 'hidden' });
  assert.deepEqual(asked, ['GET', 'POST']);
  // Who types uses the session, at most once a minute.
  await page.clock.fastForward('01:01');
  await page.getByRole('searchbox', { name: 'Search' }).pressSequentially('abc');
  await page.waitForURL(/q=abc/);
  assert.deepEqual(asked, ['GET', 'POST', 'POST']);
  left = 0;
  await page.clock.fastForward('14:00');
  await page.waitForURL(/\/sign-in\?next=%2Fpayments$/);
});
