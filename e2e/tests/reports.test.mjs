// The day's close, what came in, and what is outstanding, as a manager reads them.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import { axe } from '../lib/axe.mjs';
import { forgive, shot } from '../lib/browser.mjs';
import { chapter } from '../lib/chapter.mjs';
import { shows } from '../lib/expect.mjs';
import { control, region } from '../lib/find.mjs';
import { setStage } from '../lib/stage.mjs';

const MONEY = /-?\$[\d,]+\.\d\d/;

const stage = setStage('reports');

stage.test('a manager reads the reports and closes the day', { as: 'manager' }, async (page) => {
  await page.goto('/payments');
  await chapter('count a drawer', () => countDrawer(page));
  await chapter('take the day away as a file', () => download(page));
  await chapter('compare collections with the card', () => collections(page));
  await chapter('follow an age to its payments', () => aging(page));
  await chapter('take the books away', () => books(page));
});

async function countDrawer(page) {
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Reports' }).click();
  const main = page.getByRole('main');
  await shows(main, 'Day close', 'so far');
  await axe(page, 'the day before it is closed');
  await control(main, /^Count the drawer/).click();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await shows(main, 'Enter an amount.');
  await axe(page, 'a count that is not complete');
  forgive(page, /status of 422/);
  await page.getByLabel('Cash', { exact: true }).fill('$1,234.50');
  await page.getByLabel('Number of checks').fill('2');
  await page.getByLabel('Sum of checks').fill('80');
  await page.getByLabel('Note').fill('Counted twice');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await shows(main, 'The count was kept.', 'CNT-001', '$1,234.50', 'Counted twice');
  await axe(page, 'the day after it is closed');
  await shot(page, 'day-close');
  await page.emulateMedia({ media: 'print' });
  assert.equal(await page.getByRole('navigation').filter({ visible: true }).count(), 0);
  await shows(main, 'CNT-001');
  await shot(page, 'day-close-print');
  await page.emulateMedia({ media: 'screen' });
}

async function download(page) {
  const waiting = page.waitForEvent('download');
  await control(page, 'Export CSV').click();
  const file = await waiting;
  assert.match(file.suggestedFilename(), /^day-close-\d{4}-\d\d-\d\d\.csv$/);
  const text = await readFile(await file.path(), 'utf8');
  assert.match(text, /^\u{feff}Day,Location,Tender,/u);
  assert.match(text, /,1234\.50,/);
}

async function collections(page) {
  await page.getByRole('link', { name: 'Collections' }).click();
  const chart = page.getByRole('img', { name: 'Collected by month' });
  assert.ok(await chart.isVisible());
  await page.getByText('The months in numbers').click();
  const table = page.getByRole('table', { name: 'Collected by month' });
  const months = await table.locator('tbody tr').evaluateAll(
    (rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent.trim())),
  );
  await axe(page, 'collections');
  await shot(page, 'collections');
  await page.goto('/payments');
  const card = await region(page, 'Total Collected').locator('tbody tr').evaluateAll(
    (rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent.trim())),
  );
  assert.deepEqual(months, card, 'each month as the card has it');
}

async function aging(page) {
  await page.goto('/reports/aging');
  await shows(page.getByRole('main'), 'No due date', '0–30 days', '90+ days');
  await axe(page, 'aging');
  await shot(page, 'aging');
  const link = page.getByRole('table').getByRole('link', { name: /payments?: 0–30 days/ }).first();
  const name = await link.getAttribute('aria-label');
  assert.match(name, MONEY);
  const [, count] = /, ([\d,]+) payments?:/.exec(name);
  await link.click();
  await page.waitForURL(/\/payments\?/);
  await shows(page.getByRole('main'), new RegExp(`of ${count}\\b`));
}

async function books(page) {
  await page.goto('/reports');
  await page.getByRole('link', { name: 'Books', exact: true }).click();
  await page.getByLabel('Book', { exact: true }).selectOption('Ledger');
  await page.getByLabel('From', { exact: true }).fill('2020-01-01');
  await axe(page, 'books');
  await shot(page, 'books');
  for (const [button, start] of [['Export CSV', /^\u{feff}Day,Recorded,Event,/u], ['Export XLSX', /^PK/]]) {
    const waiting = page.waitForEvent('download');
    await control(page, button).click();
    const file = await waiting;
    const [, kind] = button.split(' ');
    assert.match(file.suggestedFilename(), new RegExp(`^ledger-2020-01-01-.*\\.${kind.toLowerCase()}$`));
    assert.match(await readFile(await file.path(), 'utf8'), start);
    await shows(page.getByRole('heading', { level: 1 }), 'Books');
  }
  await page.getByLabel('To', { exact: true }).fill('2019-12-31');
  await control(page, 'Export XLSX').click();
  await shows(page.getByRole('main'), 'The last day comes before the first.');
  await axe(page, 'books of no range');
  forgive(page, /status of 422/);
}
