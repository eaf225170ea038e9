// From the estimate to the payment: while it changes, on a bad line, twice, by two people, without
// a mouse and without scripts.
import assert from 'node:assert/strict';

import { axe } from '../lib/axe.mjs';
import { SCREENS, forgive, overflow, shot } from '../lib/browser.mjs';
import { AWKWARD, canary } from '../lib/canaries.mjs';
import { addInsured, addTreatment, answer, importAnswers, person, send } from '../lib/clinic.mjs';
import { day } from '../lib/dates.mjs';
import { focused, hides, holds, shows } from '../lib/expect.mjs';
import { answered, awaitId, region } from '../lib/find.mjs';
import { tabTo } from '../lib/keys.mjs';
import { setStage } from '../lib/stage.mjs';

const ROWS = [
  'EB*1*IND*30**EXAMPLE PLAN', 'EB*C*IND*30***29*40*****Y', 'EB*A*IND*98***27**.2****Y',
  'EB*G*IND*30***29*100*****Y',
];
const TWO = [
  'EB*1*IND*30**EXAMPLE PLAN', 'EB*B*IND*98***27*25*****Y', 'MSG*PRIMARY CARE', 'EB*B*IND*98***27*40*****Y',
  'MSG*SPECIALIST',
];
const LIVE = '**/payments/new';

let people = 200;

const stage = setStage('estimate-use');

stage.test('the amount is used, changed, created, and told of on the payment', { as: 'biller' }, async (page) => {
  const { panel } = await visit(page, ROWS, '150');
  await use(panel).click();
  await holds(amount(page), '62.00');
  await focused(page.getByRole('status').filter({ hasText: 'was filled in from the estimate' }));
  await amount(page).fill('50');
  await page.getByLabel('Memo').fill(canary.memo);
  await create(page);
  const payment = await awaitId(page, 'PAY');
  const kept = region(page, 'Estimate');
  await shows(kept, 'Estimated $62.00, asked $50.00');
  await kept.getByText('How it was computed').click();
  await shows(kept, 'Co-insurance: 20 % of $110.00 is $22.00.', 'entered by staff', 'Version of the rules');
  await kept.locator('summary').filter({ hasText: 'of Remaining deductible' }).click();
  await shows(kept, 'EB*C*IND*30***29*40*****Y');
  await shows(page.getByRole('main'), AWKWARD);
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    await axe(page, `a payment with its estimate in ${colorScheme}`);
  }
  await shot(page, 'estimate-kept');
  await page.setViewportSize(SCREENS.narrow);
  await shot(page, 'estimate-kept-narrow');
  assert.ok(await overflow(page) <= 0, 'the body scrolls sideways');
  await page.goto(`/payments/${payment}`);
  await page.emulateMedia({ media: 'print' });
  await page.getByText('EB*C*IND*30***29*40*****Y').first().waitFor();
  await shot(page, 'estimate-kept-print');
});

stage.test('as the form changes, no number of another question is seen', { as: 'front' }, async (page) => {
  const { panel, patient } = await visit(page, ROWS, '150');
  await use(panel).click();
  await holds(amount(page), '62.00');
  const other = await addTreatment(page, patient, '99213', '50');
  await page.goto(`/payments/new?patient=${patient}`);
  await type(page, 'Office Visit');
  await charge(panel, '150');
  await shows(panel, '$62.00');
  await use(panel).click();
  await holds(amount(page), '62.00');
  let go;
  const held = new Promise((resolve) => { go = resolve; });
  await page.route(LIVE, async (route) => {
    await held;
    await route.continue();
  });
  await page.getByLabel('Treatment').selectOption(other);
  await hides(page.getByRole('main'), '$62.00', 'Use this amount');
  assert.equal(await amount(page).inputValue(), '', 'the amount that was filled in is gone');
  await shows(panel, 'Updating');
  go();
  await shows(panel, '$42.00', "From the treatment's charges");
  await holds(panel.getByLabel('Expected charge'), '50.00');
});

stage.test('a slow answer does not undo a newer one', { as: 'front' }, async (page) => {
  const { panel } = await visit(page, ROWS, '150');
  let first = true;
  let go;
  const held = new Promise((resolve) => { go = resolve; });
  await page.route(LIVE, async (route) => {
    if (first) {
      first = false;
      await held;
    }
    await route.continue().catch(() => {});
  });
  await charge(panel, '90');
  await charge(panel, '60');
  await shows(panel, 'Co-insurance: 20 % of $20.00 is $4.00.');
  go();
  await page.waitForLoadState('networkidle');
  await shows(panel, '$44.00');
  await hides(panel, '$50.00');
});

stage.test('what is typed meanwhile is kept', { as: 'front' }, async (page) => {
  const { panel } = await visit(page, ROWS, '150');
  let go;
  const held = new Promise((resolve) => { go = resolve; });
  await page.route(LIVE, async (route) => {
    await held;
    await route.continue();
  });
  await panel.getByRole('radio', { name: 'Out' }).check();
  const field = panel.getByLabel('Expected charge');
  await field.click();
  await field.fill('20');
  go();
  await shows(panel, 'out of network');
  await focused(field);
  await holds(field, '20');
  await field.press('Enter');
  await shows(panel, 'Entered by staff');
  await page.getByLabel('Memo').fill('kept');
  await panel.getByRole('radio', { name: /^In/ }).check();
  await shows(panel, '$20.00');
  await focused(panel.getByRole('radio', { name: /^In/ }));
  await holds(page.getByLabel('Memo'), 'kept');
});

stage.test('a lost line is told, shows no old number, and is tried again', { as: 'front' }, async (page) => {
  const { panel } = await visit(page, ROWS, '150');
  await page.route(LIVE, (route) => route.abort());
  await charge(panel, '60');
  const main = page.getByRole('main');
  await shows(main, 'The estimate could not be updated.');
  await hides(main, '$62.00', 'Use this amount');
  await axe(page, 'an estimate that could not be updated');
  await shot(page, 'estimate-lost');
  await page.unroute(LIVE);
  await page.getByRole('button', { name: 'Try again' }).click();
  await shows(panel, '$44.00');
  await hides(main, 'could not be updated');
  forgive(page, /ERR_FAILED/);
});

stage.test('a check that comes between seeing and asking is told of', { as: 'front' }, async (page) => {
  const { panel, number } = await visit(page, ROWS, '150');
  await use(panel).click();
  await holds(amount(page), '62.00');
  await importAnswers(page, [answer(person(number), day(), [ROWS[0], 'EB*B*IND*98***27*25*****Y'])]);
  await create(page);
  await shows(page.getByRole('alert'), 'The estimate is not the one that was shown');
  await shows(panel, '$25.00', 'The form still asks for $62.00');
  await axe(page, 'an estimate that has changed');
  await shot(page, 'estimate-changed');
  await use(panel).click();
  await holds(amount(page), '25.00');
  await create(page);
  await awaitId(page, 'PAY');
  await shows(region(page, 'Estimate'), 'Estimated and asked $25.00');
  forgive(page, /status of 422/);
});

stage.test('two clicks and Back make one payment; two tabs mix nobody up', { as: 'front' }, async (page) => {
  const { panel, patient } = await visit(page, ROWS, '150');
  const second = await page.context().newPage();
  second.problems = [];
  second.requests = [];
  const other = await visit(second, TWO);
  await other.panel.getByRole('radio', { name: /SPECIALIST/ }).check();
  await use(panel).click();
  await holds(amount(page), '62.00');
  await use(other.panel).click();
  await holds(amount(second), '40.00');
  await page.getByRole('button', { name: 'Create', exact: true }).dblclick();
  const payment = await awaitId(page, 'PAY');
  await create(second);
  const theirs = await awaitId(second, 'PAY');
  assert.notEqual(payment, theirs);
  await shows(region(second, 'Estimate'), 'Estimated and asked $40.00');
  await second.getByText('How it was computed').click();
  await shows(region(second, 'Estimate'), 'Co-pay amount: $40.00 (SPECIALIST), chosen by staff.');
  await page.goto(`/patients/${patient}`);
  assert.equal(await page.getByRole('link', { name: /^PAY-/ }).count(), 1, 'one payment was made');
});

stage.test('Enter creates from the form, and only updates from the panel', { as: 'front' }, async (page) => {
  const { panel } = await visit(page, ROWS);
  await panel.getByLabel('Expected charge').fill('150');
  await panel.getByLabel('Expected charge').press('Enter');
  await shows(panel, '$62.00');
  assert.equal(new URL(page.url()).pathname, '/payments/new');
  await amount(page).fill('10');
  await amount(page).press('Enter');
  await awaitId(page, 'PAY');
  await shows(region(page, 'Estimate'), 'Estimated $62.00, asked $10.00');
});

stage.test('without a mouse, an amount is estimated, used and asked for', { as: 'front' }, async (page) => {
  people += 1;
  await page.goto('/patients');
  const patient = await addInsured(page, people, [[day(), TWO]]);
  await page.goto(`/payments/new?patient=${patient}`);
  await tabTo(page, page.getByLabel('Payment Type'));
  await page.keyboard.type('Office');
  const panel = region(page, 'Payment estimate');
  await shows(panel, 'Choose the value that applies');
  await tabTo(page, panel.getByRole('radio', { name: /PRIMARY/ }));
  await page.keyboard.press('Space');
  await shows(panel, '$25.00');
  await focused(panel.getByRole('radio', { name: /PRIMARY/ }));
  await page.keyboard.press('ArrowDown');
  await shows(panel, /Estimated amount\s+\$40/);
  await focused(panel.getByRole('radio', { name: /SPECIALIST/ }));
  await tabTo(page, use(panel));
  await page.keyboard.press('Enter');
  await holds(amount(page), '40.00');
  await tabTo(page, amount(page));
  await page.keyboard.press('Control+Enter');
  await awaitId(page, 'PAY');
  await shows(region(page, 'Estimate'), 'Estimated and asked $40.00');
});

stage.test('with scripts off, an amount is estimated, used and asked for', { as: 'front' }, async (maker) => {
  people += 1;
  await maker.goto('/patients');
  const patient = await addInsured(maker, people, [[day(), ROWS]]);
  const page = await stage.open({ as: 'front', scripts: false });
  await page.goto(`/payments/new?patient=${patient}`);
  await type(page, 'Office Visit');
  await answered(page, () => page.getByRole('button', { name: 'Show the estimate' }).click());
  const panel = region(page, 'Payment estimate');
  await shows(panel, 'The charge is needed');
  await panel.getByLabel('Expected charge').fill('150');
  await panel.getByRole('button', { name: 'Update estimate' }).click();
  await shows(panel, '$62.00');
  await shot(page, 'estimate-plain');
  await panel.getByLabel('Expected charge').fill('60');
  await use(panel).click();
  await shows(page.getByRole('main'), 'has changed since it was shown', '$44.00');
  await use(panel).click();
  await holds(amount(page), '44.00');
  await panel.locator('summary').filter({ hasText: 'of Remaining deductible' }).click();
  await shows(panel, 'EB*C*IND*30***29*40*****Y');
  await page.getByLabel('Payment Type').selectOption({ label: 'Private Pay' });
  await create(page);
  await shows(page.getByRole('alert'), 'came from the estimate for another');
  await holds(amount(page), '');
  await type(page, 'Office Visit');
  await answered(page, () => page.getByRole('button', { name: 'Show the estimate' }).click());
  await panel.getByLabel('Expected charge').fill('60');
  await amount(page).fill('44');
  await create(page);
  await shows(page.getByRole('alert'), 'The estimate is not the one that was shown');
  await create(page);
  await awaitId(page, 'PAY');
  await shows(region(page, 'Estimate'), 'Estimated and asked $44.00');
  forgive(page, /status of 422/);
});

stage.test('the clinic sets what estimates ask about', { as: 'admin' }, async (admin) => {
  await admin.goto('/settings/eligibility');
  await admin.getByLabel('A check is stale after (days)').fill('3');
  await admin.getByLabel('Service types 1', { exact: true }).fill('7,');
  const proposed = await admin.locator('datalist option').first().getAttribute('value');
  assert.equal(proposed, '7,1', 'proposals go on from what is typed');
  await admin.getByRole('button', { name: 'Remove row 1', exact: true }).click();
  await shows(admin.getByRole('status').first(), 'The row was removed');
  await admin.getByRole('button', { name: 'More rows' }).click();
  const rows = await admin.getByLabel(/^First code/).count();
  await admin.getByLabel(`First code ${rows}`, { exact: true }).fill('99213');
  await admin.getByLabel(`Service types ${rows}`, { exact: true }).fill('visit');
  await admin.getByRole('button', { name: 'Save', exact: true }).click();
  await shows(admin.getByRole('alert'), '“visit” is not a service type');
  await axe(admin, 'settings with a fault');
  await shot(admin, 'settings-eligibility-fault');
  await admin.getByLabel(`Service types ${rows}`, { exact: true }).fill('uc');
  await admin.getByRole('button', { name: 'Save', exact: true }).click();
  await shows(admin.getByRole('main'), 'The settings were saved.', 'Last changed by');
  const page = await stage.open({ as: 'front' });
  people += 1;
  await page.goto('/patients');
  const rowsOfPayer = ['EB*1*IND*30', 'EB*B*IND*UC***27*70*****Y', 'EB*B*IND*98***27*25*****Y'];
  const patient = await addInsured(page, people, [[day(-4), rowsOfPayer]]);
  const treatment = await addTreatment(page, patient, '99213', '150');
  await page.goto(`/payments/new?treatment=${treatment}`);
  await type(page, 'Treatment Pre-Payment');
  await shows(region(page, 'Payment estimate'), '$70.00', '4 days old. Run a new one.');
  await admin.getByRole('button', { name: 'Fill in the defaults' }).click();
  await shows(admin.getByRole('main'), 'These are the defaults');
  await admin.getByRole('button', { name: 'Save', exact: true }).click();
  await shows(admin.getByRole('main'), 'The settings were saved.');
  forgive(admin, /status of 422/);
});

stage.test('a location tells which of several co-pays applies', { as: 'admin' }, async (admin) => {
  await admin.goto('/settings/locations');
  await send(admin, '/settings/locations', [
    ['name', 'Specialists'], ['time_zone', 'America/New_York'], ['visit_class', 'specialist'],
  ]);
  const page = await stage.open({ as: 'front' });
  const { panel } = await visit(page, TWO);
  await shows(panel, 'Choose the value that applies');
  await page.getByLabel('Location').selectOption({ label: 'Specialists' });
  await shows(panel, /Estimated amount\s+\$40\.00/, '(by the kind of visit)');
  await panel.getByRole('radio', { name: /PRIMARY/ }).check();
  await shows(panel, /Estimated amount\s+\$25\.00/);
  await shot(page, 'estimate-preselected');
});

const amount = (page) => page.getByLabel('Amount', { exact: true });
const use = (panel) => panel.getByRole('button', { name: 'Use this amount', exact: true });
const create = (page) => page.getByRole('button', { name: 'Create', exact: true }).click();
const type = (page, label) => page.getByLabel('Payment Type').selectOption({ label });

async function charge(panel, dollars) {
  const field = panel.getByLabel('Expected charge');
  await field.fill(dollars);
  await field.press('Tab');
}

/** The create form of a new patient, an office visit with that charge. */
async function visit(page, rows, dollars) {
  people += 1;
  const number = people;
  await page.goto('/patients');
  const patient = await addInsured(page, number, [[day(-1), rows]]);
  await page.goto(`/payments/new?patient=${patient}`);
  await type(page, 'Office Visit');
  const panel = region(page, 'Payment estimate');
  await panel.waitFor();
  if (dollars) {
    await charge(panel, dollars);
    await use(panel).waitFor();
  }
  return { panel, patient, number };
}
