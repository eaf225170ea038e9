// Asking a payer: from the patient's page and from the create form, with scripts and without.
import { forgive } from '../lib/browser.mjs';
import { canary } from '../lib/canaries.mjs';
import { daysFromToday } from '../lib/dates.mjs';
import { eventually } from '../lib/eventually.mjs';
import { hides, holds, shows } from '../lib/expect.mjs';
import { answered, awaitId, control, region } from '../lib/find.mjs';
import { looks } from '../lib/looks.mjs';
import { setStage } from '../lib/stage.mjs';

/** The sandbox's payer answers within a second or two. */
const ANSWER_MS_MAX = 30_000;
const ADDED_MS_MAX = 10_000;

const stage = setStage('run-check');

stage.test('a check is run for a patient, and its answer appears by itself', { as: 'front' }, async (page) => {
  const patient = await addPatient(page, `${canary.member}1`);
  await page.goto(`/patients/${patient}`);
  await control(page, 'Run check').click();
  await page.getByLabel('Service type').selectOption({ label: 'Office visit' });
  await page.getByLabel('Service date').fill(daysFromToday(1));
  await looks(page, 'run-check-form');
  await page.getByRole('button', { name: 'Run check' }).click();
  await page.waitForURL((url) => url.pathname === `/patients/${patient}`);
  const checks = region(page, 'Eligibility checks');
  await shows(checks, /ELG-\d+/, 'Active');
  await hides(checks, 'INQ-');
  await looks(page, 'run-check-answered');
  await checks.getByRole('link', { name: /^ELG-/ }).click();
  await awaitId(page, 'ELG');
  await page.getByRole('main').getByRole('link', { name: /^INQ-/ }).click();
  await awaitId(page, 'INQ');
  await page.getByText('The question as it was sent').click();
  await shows(page.getByRole('main'), 'Answered', 'EQ*98', '00101');
  await looks(page, 'run-check-question');
});

stage.test('the create form asks, keeps what was typed, and fills in the answer', { as: 'front' }, async (page) => {
  const patient = await addPatient(page, `${canary.member}2`);
  await page.goto(`/payments/new?patient=${patient}`);
  await page.getByLabel('Memo').fill(canary.memo);
  await page.getByLabel('Payment Type').selectOption({ label: 'Office Visit' });
  const panel = region(page, 'Payment estimate');
  await shows(panel, 'No eligibility check on file');
  await looks(page, 'run-check-offered');
  await panel.getByRole('button', { name: 'Run check' }).click();
  await shows(panel, 'Co-pay amount', 'Sandbox Sample PPO');
  await holds(page.getByLabel('Memo'), canary.memo);
  await control(page, 'Use this amount').click();
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  await awaitId(page, 'PAY');
});

stage.test('with scripts off, the create form asks and is refreshed', { as: 'front', scripts: false }, async (page) => {
  const patient = await addPatient(page, `${canary.member}3`);
  await page.goto(`/payments/new?patient=${patient}`);
  await page.getByLabel('Memo').fill('Plain');
  await page.getByLabel('Payment Type').selectOption({ label: 'Office Visit' });
  await answered(page, () => control(page, 'Show the estimate').click());
  const panel = region(page, 'Payment estimate');
  await answered(page, () => panel.getByRole('button', { name: 'Run check' }).click());
  await refreshed(page, panel);
  await shows(panel, 'Co-pay amount', 'Sandbox Sample PPO');
  await holds(page.getByLabel('Memo'), 'Plain');
});

stage.test('a payer that cannot respond is told, and is no hindrance', { as: 'front' }, async (page) => {
  const patient = await addPatient(page, `${canary.member}AAA42`);
  await runCheck(page, patient);
  const checks = region(page, 'Eligibility checks');
  await shows(checks, 'Rejected', 'The payer cannot respond at this time', /try \d of 5/);
  await looks(page, 'run-check-postponed');
  await page.goto('/eligibility');
  await shows(region(page, 'Questions to payers'), canary.lastName, /try \d of 5/);
  await looks(page, 'run-check-list');
  await page.goto(`/payments/new?patient=${patient}`);
  await page.getByLabel('Payment Type').selectOption({ label: 'Office Visit' });
  const panel = region(page, 'Payment estimate');
  await shows(panel, 'The payer is being asked', /try \d of 5/);
  await looks(page, 'run-check-panel');
  await page.getByLabel('Amount', { exact: true }).fill('20');
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  await awaitId(page, 'PAY');
});

stage.test('what is missing leads to where it is mended', { as: 'front' }, async (page) => {
  const patient = await addPatient(page, `${canary.member}4`, { payerId: '' });
  await page.goto(`/eligibility/new?patient=${patient}`);
  await page.getByRole('button', { name: 'Run check' }).click();
  await shows(page.getByRole('main'), 'The payer ID of Blue Heron Sample Health is missing');
  await looks(page, 'run-check-missing');
  await page.getByRole('link', { name: "Edit the patient's coverage" }).click();
  await page.waitForURL(/\/edit#f-primary_payer_id$/);
  await page.getByLabel('Payer ID').first().fill('00101');
  await page.getByText('Insured through somebody else').first().click();
  await page.getByLabel('relationship to the subscriber').first().selectOption({ label: 'Child' });
  await page.getByLabel("Subscriber's first name").first().fill('Cleo');
  await page.getByLabel("Subscriber's last name").first().fill('Sample');
  await page.getByLabel("Subscriber's date of birth").first().fill('1960-03-04');
  await looks(page, 'run-check-coverage');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await awaitId(page, 'PAT');
  await shows(page.getByRole('main'), 'Payer ID 00101', 'Child of Cleo Sample');
  await runCheck(page, patient);
  await shows(region(page, 'Eligibility checks'), 'Active');
  // The browser itself notes the refused form as a failed load.
  forgive(page, /status of 422/);
});

/** Adds a patient whose payer the sandbox plays, and tells the id. */
async function addPatient(page, memberId, { payerId = '00101' } = {}) {
  await page.goto('/patients/new');
  await page.getByLabel('First name', { exact: true }).fill('Ann');
  await page.getByLabel('Last name', { exact: true }).fill(canary.lastName);
  await page.getByLabel('Date of birth', { exact: true }).fill('1980-02-29');
  await page.getByLabel('Payer', { exact: true }).first().fill('Blue Heron Sample Health');
  await page.getByLabel('Payer ID').first().fill(payerId);
  await page.getByLabel('Member ID').first().fill(memberId);
  const save = page.getByRole('button', { name: 'Save', exact: true });
  await save.click();
  // All of them are called alike; from the second on it is asked who they are.
  const asked = page.getByLabel('This is somebody else');
  const isAdded = () => /\/PAT-\d+$/.test(page.url());
  await eventually('the patient is added or asked about', ADDED_MS_MAX, async () => (
    isAdded() || await asked.isVisible()
  ));
  if (!isAdded()) {
    await asked.check();
    await save.click();
    // The browser itself notes the refused form as a failed load.
    forgive(page, /status of 4\d\d/);
  }
  return awaitId(page, 'PAT');
}

async function runCheck(page, patient) {
  await page.goto(`/eligibility/new?patient=${patient}`);
  await page.getByRole('button', { name: 'Run check' }).click();
  await page.waitForURL((url) => url.pathname === `/patients/${patient}`);
}

/** Presses Refresh until the payer has answered. */
function refreshed(page, panel) {
  const refresh = panel.getByRole('button', { name: 'Refresh' });
  return eventually('the payer answers', ANSWER_MS_MAX, async () => {
    if (await refresh.count() === 0) return true;
    await answered(page, () => refresh.click());
    return false;
  });
}
