// A file of patients: handed in, its columns chosen, checked with a fault, imported, and again.
import { canary } from '../lib/canaries.mjs';
import { eventually } from '../lib/eventually.mjs';
import { hides, shows } from '../lib/expect.mjs';
import { awaitId, region } from '../lib/find.mjs';
import { looks } from '../lib/looks.mjs';
import { setStage } from '../lib/stage.mjs';

const DONE_MS_MAX = 30_000;

const stage = setStage('imports');

/** A file of two people, one of whose dates is none. */
function file(second) {
  const rows = [
    'Surname,First name,DOB,E-mail',
    `${canary.lastName}IMPORT,Ada,02/29/1980,ada@example.org`,
    `${canary.lastName}IMPORT,Bo & Søn <b>,${second},`,
  ];
  return { name: 'people.csv', mimeType: 'text/csv', buffer: Buffer.from(`${rows.join('\n')}\n`) };
}

async function handIn(page, second, scripts) {
  await page.goto('/imports');
  await page.getByLabel('What is in it').selectOption({ label: 'Patients' });
  await page.locator('input[type=file]').setInputFiles(file(second));
  await page.getByRole('button', { name: 'Upload' }).click();
  await awaitId(page, 'IMP');
  await page.getByLabel('Last name').selectOption({ label: '1: Surname' });
  await page.getByLabel('Dates are written').selectOption({ label: '11/23/2026 (month, day, year)' });
  if (scripts) await looks(page, 'imports-columns');
  await page.getByRole('button', { name: 'Check the rows' }).click();
}

/** Waits until the page shows it; without scripts, by reloading. */
async function comesTo(page, words, scripts) {
  await eventually(`it says ${words}`, DONE_MS_MAX, async () => {
    if (!scripts) await page.reload();
    const told = await region(page, 'Patients').innerText();
    return told.includes(words);
  });
}

for (const scripts of [true, false]) {
  const name = `patients come over from a file, scripts ${scripts ? 'on' : 'off'}`;
  stage.test(name, { as: 'admin', scripts }, async (page) => {
    await handIn(page, scripts ? '13/13/1990' : '12/31/1990', scripts);
    if (scripts) {
      await comesTo(page, '1 new, 1 faulty', scripts);
      await shows(region(page, 'Faulty rows'), 'Date of birth', 'MM/DD/YYYY');
      await looks(page, 'imports-faulty');
      await page.getByRole('button', { name: 'Import the 1 row without faults' }).click();
      await comesTo(page, '1 added, 1 left out', scripts);
      await looks(page, 'imports-done');
      return;
    }
    await comesTo(page, '1 new, 1 there already', scripts);
    await hides(page.getByRole('main'), 'Faulty rows');
    await page.getByRole('button', { name: 'Import 2 rows' }).click();
    await comesTo(page, '1 added, 1 there already', scripts);
  });
}
