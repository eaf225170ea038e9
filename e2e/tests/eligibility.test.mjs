// Payers' answers: handed in, found, given to their patients, and read.
import assert from 'node:assert/strict';

import { answerAbout, file, fileAbout } from '../lib/answers.mjs';
import { axe } from '../lib/axe.mjs';
import { forgive } from '../lib/browser.mjs';
import { eventually } from '../lib/eventually.mjs';
import { focused, hides, holds, shows } from '../lib/expect.mjs';
import { awaitId, chooseFilter, control, region } from '../lib/find.mjs';
import { tabTo } from '../lib/keys.mjs';
import { looks } from '../lib/looks.mjs';
import { setStage } from '../lib/stage.mjs';

const MANY = 200;
const UPLOADS_MS_MAX = 240_000;
const MIB = 1024 * 1024;
const QUILL = { first: 'QUILL', last: 'SPECIMENSON', member: 'E2E-QUILL-1', birth: '19710405' };
const FIGURES = [
  'EB*1*IND*30*PP*EXAMPLE PLAN', 'EB*1*IND*98^UC', 'EB*6*IND*35',
  'EB*B*IND*98***27*30*****Y', 'EB*B*IND*98***27*60*****N',
  'EB*A*IND*30***23**.2****Y', 'EB*A*IND*30***23**.4****N',
  'EB*C*IND*30***23*1500*****Y', 'EB*C*IND*30***29*412.35*****Y', 'EB*C*FAM*30***23*3000*****Y',
  'EB*G*IND*30***29*99999.99*****Y',
  'EB*F*IND*PT***22**.5*VS*20~\nHSD*VS*20***22*1~\nMSG*AFTER 20 VISITS ASK FOR A REVIEW',
];

const stage = setStage('eligibility');

stage.test('files are sent one by one, and nothing is lost when one fails', { as: 'front' }, async (page) => {
  await page.goto('/eligibility');
  const text = answerAbout({ ...QUILL, member: 'NOBODY-1' });
  await choose(page, [
    file('one.271', text), file('again.271', text), file('letter.pdf', '%PDF-1.7'),
    fileAbout('two.271', { ...QUILL, last: `O'BRIEN & SØN <B>`, member: 'NOBODY-2' }),
  ]);
  const drop = region(page, 'Import answers');
  await shows(drop, '4 of 4 files done, 1 not taken');
  const of = (name) => drop.getByRole('group', { name, exact: true });
  // Two are sent at once, so either of the twins may be the first.
  const twins = await Promise.all(['one.271', 'again.271'].map((name) => of(name).innerText()));
  assert.ok(twins.some((told) => told.includes('1 waits for a patient')), twins.join('\n'));
  assert.ok(twins.some((told) => /Here already: ELG-\d+/.test(told)), twins.join('\n'));
  await shows(of('letter.pdf'), 'not an X12 file');
  await shows(of('two.271'), `O'BRIEN & SØN <B>`);
  await shows(page.getByRole('main'), '1 file could not be read');
  const listed = page.getByRole('table').getByRole('row').filter({ hasText: 'SPECIMENSON' });
  assert.ok(await listed.count() > 0, 'the list shows what arrived without being loaded again');
  await looks(page, 'eligibility-import');
  await of('one.271').getByRole('link').first().click();
  await awaitId(page, 'ELG');
});

stage.test(`${MANY} files may be dropped at once, and one that is too large is told`, { as: 'front' }, async (page) => {
  await page.goto('/eligibility');
  const texts = Array.from({ length: MANY }, (_, number) => answerAbout({
    ...QUILL, first: `DROP${number}`, member: `DROPPED-${number}`,
  }));
  texts[17] = 'no answer';
  const drop = region(page, 'Import answers');
  const files = await page.evaluateHandle(([list, large]) => {
    const transfer = new DataTransfer();
    list.forEach((text, number) => transfer.items.add(new File([text], `d${number}.271`)));
    transfer.items.add(new File([new Uint8Array(large)], 'large.271'));
    return transfer;
  }, [texts, 51 * MIB]);
  await drop.dispatchEvent('dragover', { dataTransfer: files });
  assert.match(await drop.getAttribute('class'), /is-over/, 'the place for files shows itself');
  // Files may fall anywhere on the page.
  await page.getByRole('heading', { name: 'Eligibility' }).dispatchEvent('drop', { dataTransfer: files });
  await shows(drop, 'large.271', 'larger than 50 MB');
  await eventually('all files are done', UPLOADS_MS_MAX, async () => (
    (await drop.innerText()).includes(`${MANY + 1} of ${MANY + 1} files done, 2 not taken`)
  ));
  await shows(drop.getByRole('group', { name: 'd17.271', exact: true }), 'not an X12 file');
  await page.goto('/eligibility?waiting=1');
  await shows(page.getByRole('main'), new RegExp(`of (${MANY - 1}|[2-9]\\d\\d)`));
});

stage.test('a file on its way is cancelled, and tried again', { as: 'front' }, async (page) => {
  const held = [];
  await page.route('**/eligibility/import', (route) => { held.push(route); });
  await page.goto('/eligibility');
  const people = ['A', 'B', 'C'].map((letter) => ({ ...QUILL, member: `HELD-${letter}` }));
  await choose(page, people.map((person) => fileAbout(`${person.member}.271`, person)));
  const drop = region(page, 'Import answers');
  await eventually('two are on their way', 10_000, () => held.length === 2);
  await drop.getByRole('button', { name: 'Cancel: HELD-C.271' }).click();
  await shows(drop, 'Not sent.');
  await drop.getByRole('button', { name: 'Cancel: HELD-A.271' }).click();
  await shows(drop, 'Cancelled.');
  await axe(page, 'files on their way');
  await held[1].continue();
  await shows(drop, '3 of 3 files done');
  await page.unroute('**/eligibility/import');
  await page.route('**/eligibility/import', (route) => route.abort());
  await drop.getByRole('button', { name: 'Try again: HELD-A.271' }).click();
  await shows(drop, 'The file was not sent.');
  await page.unroute('**/eligibility/import');
  await drop.getByRole('button', { name: 'Try again: HELD-A.271' }).click();
  await shows(drop.getByRole('group', { name: 'HELD-A.271' }), '1 waits for a patient');
  forgive(page, /ERR_FAILED/);
});

stage.test('the list is filtered while that is being set, and goes back', { as: 'front' }, async (page) => {
  await importAll(page, [fileAbout('r.271', QUILL, { rows: ['AAA*N**75*C'], payer: 'RARE MUTUAL' })]);
  await page.goto('/eligibility');
  const main = page.getByRole('main');
  await chooseFilter(page, 'Outcome', 'Rejected');
  await page.waitForURL(/outcome=rejected/);
  for (const text of await column(main, 'Outcome')) assert.match(text, /^\W*Rejected$/);
  await page.keyboard.press('Escape');
  await chooseFilter(page, 'Payer', 'RARE MUTUAL');
  await page.waitForURL(/payer=rare\+mutual/);
  await shows(main, '1–1 of 1');
  await looks(page, 'eligibility-filtered');
  await page.getByRole('link', { name: /Remove filter: RARE MUTUAL/ }).click();
  await page.waitForURL((url) => !url.search.includes('payer'));
  await page.getByRole('link', { name: 'Clear all' }).click();
  const search = page.getByRole('searchbox', { name: 'Search' });
  await search.pressSequentially('rare mut');
  await page.waitForURL(/q=rare\+mut/);
  await shows(main, '1–1 of 1');
  await focused(search);
  await search.fill('elg-1');
  await page.waitForURL(/q=elg-1/);
  await shows(main, 'ELG-1');
  assert.equal(new URL(page.url()).pathname, '/eligibility', 'what is typed leads nowhere by itself');
  await search.fill('nobodyiscalledthis');
  await shows(main, 'No check matches');
  await axe(page, 'no check matches');
  await search.fill('');
  await main.getByRole('columnheader', { name: /Patient/ }).getByRole('link').click();
  await page.waitForURL(/sort=patient&dir=asc/);
  assert.equal(await main.locator('th[aria-sort]').getAttribute('aria-sort'), 'ascending');
  const names = await column(main, 'Patient');
  const ascend = names[0].localeCompare(names.at(-1), 'en', { sensitivity: 'base' }) <= 0;
  assert.ok(ascend, `the names ascend: ${names.join('; ')}`);
  await page.goBack();
  await page.waitForURL((url) => !url.search.includes('sort'));
});

stage.test('a waiting check becomes a patient, and the next is matched', { as: 'front' }, async (page) => {
  const person = { ...QUILL, first: 'HOLLY', last: 'MATCHSAMPLE', member: 'E2E-HOLLY' };
  await importAll(page, [fileAbout('first.271', person, { rows: FIGURES })]);
  await page.goto('/eligibility/inbox');
  const card = page.getByRole('region', { name: /MATCHSAMPLE, HOLLY/ });
  await shows(card, 'no single patient had this name', 'Apr 5, 1971', 'E2E-HOLLY');
  await card.getByRole('link', { name: 'Create a patient' }).click();
  await holds(page.getByLabel('Last name', { exact: true }), 'MATCHSAMPLE');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  const patient = await awaitId(page, 'PAT');
  await shows(region(page, 'Eligibility checks'), 'most recent', 'today');
  const other = { ...person, first: 'HOLLIS', birth: '19710504' };
  await importAll(page, [fileAbout('second.271', other)]);
  await page.goto('/eligibility/inbox');
  const second = page.getByRole('region', { name: /MATCHSAMPLE, HOLLIS/ });
  await shows(second, 'Same member ID', 'HOLLIS', 'HOLLY', 'May 4, 1971', 'Apr 5, 1971', 'differs');
  await looks(page, 'eligibility-inbox');
  await tabTo(page, second.getByRole('button', { name: 'Match to HOLLY MATCHSAMPLE' }));
  await page.keyboard.press('Enter');
  await awaitId(page, 'ELG');
  const differences = region(page, 'EXAMPLE MUTUAL has another first name and date of birth');
  await shows(differences, 'HOLLIS', 'HOLLY');
  await looks(page, 'eligibility-differences');
  await differences.getByRole('button', { name: "Use the payer's Date of birth" }).click();
  await shows(page.getByRole('main'), 'The patient was saved.');
  await page.goto(`/patients/${patient}`);
  await looks(page, 'eligibility-patient');
  await region(page, 'EXAMPLE MUTUAL has another first name').getByRole('button', { name: 'Dismiss' }).click();
  await shows(page.getByRole('main'), 'The differences were dismissed.', 'May 4, 1971', 'HOLLY');
  await hides(page.getByRole('main'), 'has another');
});

stage.test('a patient found by name is matched, which can be undone', { as: 'biller' }, async (page) => {
  const stranger = { ...QUILL, first: 'TESS', last: 'ELSEWHERE', member: 'E2E-TESS' };
  await importAll(page, [fileAbout('stranger.271', stranger)]);
  await page.getByRole('group', { name: 'stranger.271' }).getByRole('link').first().click();
  const check = await awaitId(page, 'ELG');
  await page.goto('/patients');
  const name = await page.getByRole('main').locator('tbody th a').first().innerText();
  await page.goto(`/eligibility/${check}`);
  const match = region(page, 'Whose is it?');
  await match.getByRole('searchbox', { name: 'Patient' }).fill(name);
  await match.getByRole('button', { name: 'Find patient' }).click();
  await region(page, 'Whose is it?').getByRole('listitem').getByRole('button').first().click();
  await page.getByRole('heading', { name: /^Is it/ }).waitFor();
  await shows(page.getByRole('main'), 'ELSEWHERE', 'differs');
  await looks(page, 'eligibility-match');
  await page.getByRole('button', { name: /^Match to/ }).click();
  await awaitId(page, 'ELG');
  await page.getByRole('link', { name: 'Undo the match' }).click();
  await looks(page, 'eligibility-unmatch');
  await page.getByRole('button', { name: 'Undo the match' }).click();
  await shows(page.getByRole('main'), 'Enter why');
  await page.getByLabel('Reason').fill('Chosen by mistake');
  await page.getByRole('button', { name: 'Undo the match' }).click();
  await shows(page.getByRole('main'), 'Chosen by mistake', 'Whose is it?');
  forgive(page, /status of 422/);
});

stage.test('a check tells what the patient pays, and by which line of the payer', { as: 'front' }, async (page) => {
  const person = { ...QUILL, first: 'MABEL', last: 'FIGURESAMPLE', member: 'E2E-MABEL' };
  await importAll(page, [fileAbout('figures.271', person, { rows: FIGURES })]);
  await page.getByRole('group', { name: 'figures.271' }).getByRole('link').first().click();
  await awaitId(page, 'ELG');
  await shows(region(page, 'Coverage is active'), 'EXAMPLE PLAN', 'Office visit, Urgent care', 'Dental');
  const plan = region(page, 'Whole plan');
  const cells = plan.getByRole('row', { name: /^Deductible/ }).getByRole('cell');
  await shows(cells.nth(0), '$412.35', 'remaining', '$1,500.00', 'Family');
  await shows(cells.nth(1), 'not returned by the payer');
  await shows(plan.getByRole('row', { name: /^Co-payment/ }), 'not returned by the payer');
  await shows(plan, '20 %', '40 %', 'no limit');
  await hides(plan, '$0.00', 'EB*C');
  await cells.nth(0).getByText('$412.35').click();
  await shows(plan, 'EB*C*IND*30***29*412.35*****Y');
  const therapy = region(page, 'Physical therapy');
  await shows(therapy, '20 visits for 1 × service year', 'AFTER 20 VISITS ASK FOR A REVIEW');
  await looks(page, 'eligibility-detail');
});

stage.test('with scripts off, files are imported and matched', { as: 'biller', scripts: false }, async (page) => {
  await page.goto('/eligibility');
  const person = { ...QUILL, first: 'PLAIN', last: 'NOSCRIPT', member: 'E2E-PLAIN' };
  await page.getByLabel('271 files').setInputFiles([
    fileAbout('plain.271', person), file('plain.txt', 'nothing'),
    fileAbout('plain2.271', { ...person, first: 'PLANE' }),
  ]);
  await page.getByRole('button', { name: 'Import' }).click();
  const main = page.getByRole('main');
  await shows(main, '2 checks read from 3 files; 1 file could not be read', 'NOSCRIPT, PLAIN');
  await page.goto('/eligibility');
  await chooseFilter(page, 'Outcome', 'Active');
  await page.getByRole('searchbox', { name: 'Search' }).fill('noscr');
  await page.getByRole('button', { name: 'Apply' }).click();
  await page.waitForURL(/outcome=active/);
  await shows(main, '1–2 of 2');
  await control(page, 'Patient').click();
  await page.waitForURL(/sort=patient/);
  await page.getByRole('link', { name: /^ELG-/ }).first().click();
  await page.getByRole('link', { name: 'Create a patient from this check' }).click();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await awaitId(page, 'PAT');
  await page.goto('/eligibility/inbox');
  const card = page.getByRole('region', { name: /NOSCRIPT, PLANE/ });
  await card.getByRole('button', { name: 'Match to PLAIN NOSCRIPT' }).click();
  await awaitId(page, 'ELG');
  await shows(main, 'has another first name');
  await page.getByRole('button', { name: "Use the payer's First name" }).click();
  await shows(main, 'The patient was saved.');
  await page.goto('/eligibility/inbox');
  const unread = page.getByRole('region', { name: 'Files that could not be read' });
  await unread.getByRole('button', { name: 'Dismiss plain.txt' }).click();
  await shows(main, 'The file was dismissed');
});

/** Chooses files and presses the button. */
async function choose(page, files) {
  await page.getByLabel('271 files').setInputFiles(files);
  await page.getByRole('button', { name: 'Import', exact: true }).click();
}

/** Imports files and waits until all are done. */
async function importAll(page, files) {
  await page.goto('/eligibility');
  await choose(page, files);
  await shows(region(page, 'Import answers'), `${files.length} of ${files.length} files done`);
}

/** The texts of a column of the list. */
async function column(main, name) {
  const headers = await main.getByRole('columnheader').allInnerTexts();
  const place = headers.findIndex((text) => text.trim().startsWith(name));
  assert.ok(place >= 0, `there is a column ${name}`);
  const rows = main.getByRole('row').filter({ has: main.page().getByRole('cell') });
  return rows.evaluateAll(
    (list, index) => list.map((row) => row.children[index].innerText.trim()),
    place,
  );
}
