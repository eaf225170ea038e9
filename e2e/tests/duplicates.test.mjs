// A patient who is entered twice: the desk is told, and a manager merges the two.
import assert from 'node:assert/strict';

import { axe } from '../lib/axe.mjs';
import { forgive, shot } from '../lib/browser.mjs';
import { chapter } from '../lib/chapter.mjs';
import { focused, shows } from '../lib/expect.mjs';
import { awaitId, control } from '../lib/find.mjs';
import { setStage } from '../lib/stage.mjs';

const PHONE = '(212) 555-0199';

const stage = setStage('duplicates');

const main = (page) => page.getByRole('main');
const field = (page, label) => page.getByLabel(label, { exact: true });
const press = (page, name) => page.getByRole('button', { name, exact: true }).click();

/** Fills in the form of a new patient of this last name. */
async function fill(page, last, more = {}) {
  await page.goto('/patients/new');
  const fields = { 'First name': 'Quirina', 'Last name': last, 'Date of birth': '1971-03-09', ...more };
  for (const [label, text] of Object.entries(fields)) await field(page, label).fill(text);
}

/** Adds the patient a second time, as somebody else, and returns the number. */
async function addAgain(page, last, more) {
  await fill(page, last, more);
  await press(page, 'Save');
  await shows(main(page), 'may be the same person');
  await page.getByRole('checkbox', { name: /^This is somebody else/ }).check();
  await press(page, 'Save');
  return awaitId(page, 'PAT');
}

/** Adds the patient for the first time, and returns the number. */
async function addFirst(page, last) {
  await fill(page, last);
  await press(page, 'Save');
  return awaitId(page, 'PAT');
}

stage.test('the desk is told, and a manager merges two records', { as: 'front' }, async (desk) => {
  const first = await addFirst(desk, 'Sampleford');
  await chapter('the desk is told before a second record is made', async () => {
    await fill(desk, 'Sampelford', { Phone: PHONE });
    await press(desk, 'Save');
    await focused(desk.getByRole('alert'));
    await shows(main(desk), `${first} may be the same person: nearly the same name, date of birth alike.`);
    assert.equal(await field(desk, 'Phone').inputValue(), PHONE, 'what was typed is kept');
    await axe(desk, 'a patient who may be here already');
    await shot(desk, 'patient-alike');
    forgive(desk, /status of 409/);
  });
  const second = await addAgain(desk, 'Sampelford', { Phone: PHONE });
  forgive(desk, /status of 409/);
  const manager = await stage.open({ as: 'manager' });
  await chapter('a manager compares both', async () => {
    await manager.goto('/patients');
    await control(main(manager), 'Possible duplicates').click();
    await control(main(manager), `Compare ${first} and ${second}`).click();
    await shows(main(manager), `Merge ${second} into ${first}`, 'Nothing else belongs');
    await manager.getByRole('group', { name: 'Last name' }).getByText('Sampelford').click();
    await axe(manager, 'two records side by side');
    await shot(manager, 'merge');
  });
  await chapter('a double click merges them once', async () => {
    await manager.getByRole('button', { name: `Merge into ${first}` }).dblclick();
    await manager.waitForURL(`**/patients/${first}`);
    await shows(main(manager), 'Quirina Sampelford', PHONE, `${second}: Quirina Sampelford`);
    await manager.goBack();
    await shows(main(manager), first);
  });
  await chapter('the old number leads on', async () => {
    await desk.goto(`/patients/${second}`);
    assert.equal(await awaitId(desk, 'PAT'), first);
    await desk.goto(`/patients?q=${second}`);
    assert.equal(await awaitId(desk, 'PAT'), first);
    await desk.goto('/patients?q=quirina+sampel');
    await shows(main(desk), '1–1 of 1');
  });
});

stage.test('with scripts off two people are kept apart', { as: 'manager', scripts: false }, async (page) => {
  const first = await addFirst(page, 'Twinborough');
  const second = await addAgain(page, 'Twinborough');
  forgive(page, /status of 409/);
  await shows(main(page), `(${first}) may be the same person`);
  await control(main(page), 'Compare').click();
  await shows(main(page), `Merge ${first} into ${second}`);
  await press(page, 'They are two people');
  await shows(page.locator('body'), 'They are kept apart as two people.');
  await page.goto(`/patients/${first}`);
  assert.equal(await main(page).getByText('may be the same person').count(), 0);
});
