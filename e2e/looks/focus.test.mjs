// The focus is never lost when a part of the page is swapped, nor does anything hide it.
import assert from 'node:assert/strict';

import { eventually } from '../lib/eventually.mjs';
import { focused } from '../lib/expect.mjs';
import { setStage } from '../lib/stage.mjs';

const results = (page) => page.locator('#results');
const search = (page) => page.getByRole('searchbox', { name: 'Search' });
const header = (page, name) => page.getByRole('columnheader', { name, exact: true }).getByRole('link');
const box = (page, group, name) => (
  page.getByRole('group', { name: group }).getByRole('checkbox', { name, exact: true })
);

/** What swaps a part of a list: by which element, what it leads to, and where the focus is then. */
const SWAPS = [
  { name: 'search', by: search, does: (page) => page.keyboard.type('an'), leadsTo: /q=an/, then: search },
  {
    name: 'a status',
    opens: 'Status',
    by: (page) => box(page, 'Status', 'Paid'),
    does: (page) => page.keyboard.press('Space'),
    leadsTo: /status=paid/,
    then: (page) => box(page, 'Status', 'Paid'),
  },
  {
    name: 'a location',
    opens: 'Location',
    by: (page) => page.getByRole('group', { name: 'Location' }).getByRole('checkbox').first(),
    does: (page) => page.keyboard.press('Space'),
    leadsTo: /location=/,
    then: (page) => page.getByRole('group', { name: 'Location' }).getByRole('checkbox').first(),
  },
  {
    name: 'one of the further filters',
    opens: 'More filters',
    by: (page) => page.getByLabel('Overdue only'),
    does: (page) => page.keyboard.press('Space'),
    leadsTo: /overdue=1/,
    then: (page) => page.getByLabel('Overdue only'),
  },
  {
    name: 'an order',
    by: (page) => header(page, 'Amount'),
    leadsTo: /sort=amount/,
    then: (page) => header(page, 'Amount'),
  },
  {
    name: 'the next page',
    by: (page) => page.getByRole('link', { name: 'Next' }).first(),
    leadsTo: /after=|page=|from=/,
    then: (page) => page.getByRole('link', { name: 'Next' }).first(),
  },
  {
    name: 'the last page, where there is no next one',
    by: (page) => page.getByRole('link', { name: 'Last' }).first(),
    leadsTo: /\?./,
    then: results,
  },
  {
    name: 'more rows',
    by: (page) => page.getByRole('link', { name: '100 rows' }).first(),
    leadsTo: /per_page=100/,
    then: results,
  },
];

const stage = setStage('focus');

for (const { name, opens, by, does, leadsTo, then } of SWAPS) {
  stage.test(`the focus after ${name}`, { as: 'biller' }, async (page) => {
    await page.goto('/payments');
    const { timeOrigin } = await page.evaluate(() => performance.toJSON());
    if (opens) await page.getByRole('search').locator('summary').filter({ hasText: opens }).click();
    await by(page).focus();
    await (does?.(page) ?? page.keyboard.press('Enter'));
    await page.waitForURL(leadsTo);
    await eventually('the swap is over', 10_000, () => (
      page.evaluate(() => document.querySelector('[aria-busy]') === null)
    ));
    await focused(then(page));
    assert.ok(await inSight(page), 'the focus is in sight');
    const same = await page.evaluate(() => performance.toJSON().timeOrigin);
    assert.equal(same, timeOrigin, 'the page was not loaded anew');
  });
}

/** Whether the top of what has the focus is on the screen with nothing above it. */
function inSight(page) {
  return page.evaluate(() => {
    const one = document.activeElement;
    const { left, top, width, height } = one.getBoundingClientRect();
    const at = document.elementFromPoint(left + Math.min(width, 20) / 2, top + Math.min(height, 20) / 2);
    return at !== null && (one.contains(at) || at.contains(one));
  });
}
