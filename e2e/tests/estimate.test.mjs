// The estimate of the create form: every case of it, and what may go wrong between seeing an amount
// and asking for it.
import assert from 'node:assert/strict';

import { axe } from '../lib/axe.mjs';
import { addInsured, addTreatment } from '../lib/clinic.mjs';
import { day, lastYear } from '../lib/dates.mjs';
import { hides, shows } from '../lib/expect.mjs';
import { region } from '../lib/find.mjs';
import { looks } from '../lib/looks.mjs';
import { setStage } from '../lib/stage.mjs';

const ACTIVE = 'EB*1*IND*30**EXAMPLE PLAN';
const COPAY = 'EB*B*IND*98***27*25*****Y';
const DEDUCTIBLE = 'EB*C*IND*30***29*40*****Y';
const SHARE = 'EB*A*IND*98***27**.2****Y';
const MAXIMUM = 'EB*G*IND*30***29*100*****Y';
const PRIMARY = [COPAY, 'MSG*PRIMARY CARE OFFICE VISIT'];
const SPECIALIST = ['EB*B*IND*98***27*40*****Y', 'MSG*SPECIALIST OFFICE VISIT'];
const FULL = [
  ACTIVE, 'EB*B*IND*30***27*50*****Y', 'EB*C*IND*30***29*800*****Y', 'EB*A*IND*30***27**.2****Y',
  'EB*G*IND*30***29*5000*****Y',
];
const NONE = 'not returned by the payer';

/**
 * The cases. `answers` are the payer's, each with its day; `type` is the payment's; `does` is what a
 * person does to the panel; it then `shows` some texts and `hides` others, and offers `amount`
 * or nothing.
 */
const CASES = [
  {
    name: 'no check', answers: [],
    shows: ['No eligibility check on file', 'Import an eligibility check'], hides: ['$', 'Co-pay amount'],
  },
  {
    name: 'rejected, an older check is offered',
    answers: [[day(-24), [ACTIVE, COPAY]], [day(), ['AAA*N**71*C', 'AAA*N**42*P']]],
    shows: [
      'rejected the latest check', 'birth date does not match', 'code 71', 'Correct the data',
      'cannot respond', 'Send the original request again', '24 days old',
    ],
    hides: ['$25.00', 'Co-pay amount'],
  },
  {
    name: 'rejected, the older check is chosen',
    answers: [[day(-24), [ACTIVE, COPAY]], [day(), ['AAA*N**71*C']]],
    does: (panel) => panel.getByRole('radio', { name: /24 days old/ }).check(),
    shows: ['A newer check exists', '24 days old'], amount: '$25.00',
  },
  {
    name: 'inactive', answers: [[day(), ['EB*6*IND*30', 'DTP*349*D8*20240131', COPAY]]],
    shows: ['Coverage is not active', '2024-01-31', 'Private Pay'], hides: ['$25.00', 'Co-pay amount'],
    lines: ['EB*6*IND*30'],
  },
  {
    name: 'outside the coverage', answers: [[day(), ['DTP*347*D8*20240131', ACTIVE, COPAY]]],
    shows: ['Coverage ended on 2024-01-31', 'Private Pay'], hides: ['$25.00'],
  },
  {
    name: 'active without money', answers: [[day(), [ACTIVE]]],
    does: (panel) => charge(panel, '150'),
    shows: ['returned no cost sharing', NONE], hides: ['$0.00', 'Estimated amount'],
  },
  {
    name: 'partial', answers: [[day(), [ACTIVE, DEDUCTIBLE, MAXIMUM]]],
    does: (panel) => charge(panel, '150'),
    shows: ['Not returned by the payer: co-insurance.', 'At least $40.00, at most $100.00', 'There is none'],
    hides: ['$0.00'],
  },
  {
    name: 'partial, staff state that there is none', answers: [[day(), [ACTIVE, DEDUCTIBLE, MAXIMUM]]],
    does: async (panel) => {
      await charge(panel, '150');
      await panel.getByRole('radio', { name: 'There is none' }).check();
    },
    shows: ['none, as staff stated'], amount: '$40.00',
  },
  {
    name: 'stale', answers: [[day(-45), [ACTIVE, COPAY]]],
    shows: ['45 days old', 'Run a new one'], amount: '$25.00',
  },
  {
    name: 'another plan year',
    answers: [[lastYear(), [ACTIVE, 'EB*C*IND*30***23*900*****Y', DEDUCTIBLE, SHARE]]],
    does: (panel) => charge(panel, '150'),
    shows: ['another plan year', 'totals are used', 'may be lower'], hides: ['$40.00'], amount: '$150.00',
  },
  {
    name: 'out of network', answers: [[day(), [ACTIVE, COPAY, 'EB*B*IND*98***27*90*****N']]],
    does: (panel) => panel.getByRole('radio', { name: 'Out' }).check(),
    shows: ['out of network'], hides: ['$25.00'], amount: '$90.00',
  },
  {
    name: 'network not stated', answers: [[day(), [ACTIVE, 'EB*B*IND*98***27*25']]],
    shows: ['does not say for which network', 'In (default)'], amount: '$25.00',
    lines: ['EB*B*IND*98***27*25'],
  },
  {
    name: 'several co-pays', answers: [[day(), [ACTIVE, ...PRIMARY, ...SPECIALIST]]],
    shows: ['Choose the value that applies', '$25.00: PRIMARY CARE', '$40.00: SPECIALIST', '$25.00 or $40.00',
      'At least $25.00, at most $40.00'],
    lines: ['MSG*SPECIALIST OFFICE VISIT'],
  },
  {
    name: 'several co-pays, one chosen', answers: [[day(), [ACTIVE, ...PRIMARY, ...SPECIALIST]]],
    does: (panel) => panel.getByRole('radio', { name: /SPECIALIST/ }).check(), amount: '$40.00',
  },
  {
    name: 'contradiction', answers: [[day(), [ACTIVE, COPAY, 'EB*B*IND*98***27*40*****Y']]],
    shows: ['The payer returned two values', '$25.00 or $40.00', 'At least $25.00, at most $40.00'],
    lines: ['EB*B*IND*98***27*40*****Y'],
  },
  {
    name: 'nothing to collect', answers: [[day(), [ACTIVE, COPAY, 'EB*G*IND*30***29*0*****Y']]],
    shows: ['Nothing to collect now', 'out-of-pocket maximum is reached'], hides: ['Estimated amount'],
  },
  {
    name: 'treatment without a charge', answers: [[day(), FULL]], type: 'Treatment Pre-Payment',
    shows: ['assumed to reach the deductible; at most $5,000.00', 'Not known yet'], amount: '$850.00',
  },
  {
    name: 'treatment with its own charge', type: 'Treatment Pre-Payment', treatment: ['27447', '4000'],
    answers: [[day(), [...FULL, 'EB*A*IND****27**.1****Y*HC:27447', 'EB*B*IND****27*15*****Y*HC:J1745']]],
    shows: ["From the treatment's charges", '27447', 'J1745', 'not in the treatment', 'Co-insurance, 10 %'],
    amount: '$1,165.00', lines: ['EB*A*IND****27**.1****Y*HC:27447'],
  },
  {
    name: 'active and inactive', answers: [[day(), [ACTIVE, 'EB*6*IND*98', COPAY]]],
    shows: ['Needs review', 'Is the coverage active?'], hides: ['Estimated amount'],
    lines: [ACTIVE, 'EB*6*IND*98'],
  },
  {
    name: 'active and inactive, decided', answers: [[day(), [ACTIVE, 'EB*6*IND*98', COPAY]]],
    does: (panel) => panel.getByRole('radio', { name: /^Yes/ }).check(),
    shows: ['both active and inactive'], amount: '$25.00',
  },
  {
    name: 'family and individual', answers: [[day(), [ACTIVE, 'EB*C*FAM*30***29*90*****Y', DEDUCTIBLE, SHARE]]],
    does: (panel) => charge(panel, '150'),
    shows: ['individual; family: $90.00', 'the smaller is used'], amount: '$62.00',
    lines: ['EB*C*FAM*30***29*90*****Y'],
  },
  {
    name: 'limits and others',
    answers: [[day(), [
      ACTIVE, COPAY, 'EB*F*IND*98***29***VS*0**Y', 'EB*CB*IND*98********Y', 'EB*R*IND*30', 'EB*Y*IND*30***29*12',
    ]]],
    shows: ['Nothing is left of a limit', 'authorization is required', 'another payer', 'spend-down'],
    amount: '$25.00', lines: ['EB*F*IND*98***29***VS*0**Y', 'EB*R*IND*30', 'EB*Y*IND*30***29*12'],
  },
  {
    name: 'not covered', answers: [[day(), [ACTIVE, 'EB*I*IND*98']]],
    shows: ['Not covered', 'Type the expected charge'], hides: ['$0.00', 'Estimated amount'], lines: ['EB*I*IND*98'],
  },
  {
    name: 'not covered, with a charge', answers: [[day(), [ACTIVE, 'EB*I*IND*98']]],
    does: (panel) => charge(panel, '300'),
    shows: ['Not covered', 'the whole charge', 'Entered by staff'], amount: '$300.00',
  },
  {
    name: 'needs the charge', answers: [[day(), [ACTIVE, DEDUCTIBLE, SHARE]]],
    shows: ['The charge is needed', 'Not known yet'], hides: ['Estimated amount'],
  },
  {
    name: 'another rule', answers: [[day(), [ACTIVE, COPAY, 'MSG*AFTER DEDUCTIBLE', DEDUCTIBLE]]],
    does: async (panel) => {
      await charge(panel, '150');
      await panel.getByRole('radio', { name: 'Deductible, then co-payment' }).check();
    },
    shows: ['Co-payment only (usual)', 'after the deductible'], amount: '$65.00',
  },
  {
    name: 'too large for one payment', answers: [[day(), [ACTIVE, 'EB*I*IND*98']]],
    does: (panel) => charge(panel, '1000000'),
    shows: ['No estimate yet', 'cannot be over $999,999.99'], hides: ['Estimated amount'],
  },
];

const stage = setStage('estimate');

for (const [index, one] of CASES.entries()) {
  stage.test(`case: ${one.name}`, { as: 'front' }, async (page) => {
    const panel = await openCase(page, 100 + index, one);
    await one.does?.(panel);
    await shows(panel, ...one.shows ?? [], 'may differ from the final patient responsibility');
    await offers(panel, one.amount);
    await hides(panel, ...one.hides ?? []);
    await looks(page, `estimate-${one.name.replaceAll(/\W+/g, '-')}`);
    await everyLineIsOneClickAway(panel, one.lines ?? []);
    page.problems = page.problems.filter((problem) => !/status of 422/.test(problem));
  });
}

stage.test('no panel for a private payment, nor before a type is chosen', { as: 'front' }, async (page) => {
  const panel = await openCase(page, 90, { answers: [[day(), [ACTIVE, COPAY]]] });
  await offers(panel, '$25.00');
  for (const type of ['Private Pay', 'None']) {
    await page.getByLabel('Payment Type').selectOption({ label: type });
    await panel.waitFor({ state: 'detached' });
    await hides(page.getByRole('main'), '$25.00', 'Use this amount');
    await axe(page, type);
    await page.getByLabel('Payment Type').selectOption({ label: 'Office Visit' });
    await offers(panel, '$25.00');
  }
});

/** Opens the create form of a new patient with the payer's answers, and chooses the type. */
async function openCase(page, number, { answers, type = 'Office Visit', treatment }) {
  await page.goto('/patients');
  const patient = await addInsured(page, number, answers);
  const treated = treatment && await addTreatment(page, patient, ...treatment);
  await page.goto(`/payments/new?${treated ? `treatment=${treated}` : `patient=${patient}`}`);
  await page.getByLabel('Payment Type').selectOption({ label: type });
  const panel = region(page, 'Payment estimate');
  await panel.waitFor();
  return panel;
}

async function charge(panel, amount) {
  const field = panel.getByLabel('Expected charge');
  await field.fill(amount);
  await field.press('Tab');
}

/** The panel offers this amount, or none. */
async function offers(panel, amount) {
  const use = panel.getByRole('button', { name: 'Use this amount', exact: true });
  if (amount === undefined) {
    assert.equal(await use.count(), 0, 'no amount is offered');
  } else {
    await use.waitFor();
    await shows(panel, new RegExp(`Estimated amount\\s+${amount.replaceAll(/[$.]/g, '\\$&')}`));
  }
}

/** Every known figure has its lines, and these lines are shown by one click each. */
async function everyLineIsOneClickAway(panel, lines) {
  for (const heading of await panel.getByRole('heading', { level: 3 }).all()) {
    const figure = heading.locator('..');
    if (!/\$\d|\d %|no limit/.test(await figure.innerText())) continue;
    await figure.locator('summary').click();
    await figure.getByText(/^EB\*/).first().waitFor();
  }
  const folded = panel.locator('details:not([open]) > summary');
  while (await folded.count() > 0) await folded.first().click();
  for (const line of lines) await panel.getByText(line, { exact: true }).first().waitFor();
}
