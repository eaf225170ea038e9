// What a test needs before it begins: patients, payers' answers, treatments. It is made with the
// program's own forms, sent from a page that is signed in.
import { randomBytes } from 'node:crypto';

import { daysFromToday } from './dates.mjs';

/** A person of the tests: nobody is called so. */
export function person(number) {
  return { first: 'ADA', last: `ZZCANARYNAME${number}`, member: `ZZCANARYMEMBER${number}`, birth: '19800229' };
}

let answers = 0;

/** A payer's answer about a person, with these segments below them. */
export function answer(insured, checkedOn, rows) {
  answers += 1;
  const control = String(answers).padStart(9, '0');
  const { first, last, member, birth } = insured;
  const segments = [
    `ST*271*${control}*005010X279A1`,
    `BHT*0022*11*EXAMPLE${control}*${checkedOn}*0930`,
    'HL*1**20*1',
    'NM1*PR*2*EXAMPLE HEALTH PLAN*****PI*EX001',
    'HL*2*1*21*1',
    'NM1*1P*2*EXAMPLE CLINIC*****XX*1234567893',
    'HL*3*2*22*0',
    `TRN*2*EXAMPLE${control}*9EXAMPLE01`,
    `NM1*IL*1*${last}*${first}****MI*${member}`,
    `DMG*D8*${birth}*F`,
    'DTP*346*D8*20200101',
    ...rows,
  ];
  const isa = 'ISA*00*          *00*          *ZZ*EXAMPLEPAYER   *ZZ*EXAMPLECLINIC  ';
  return [
    `${isa}*${checkedOn.slice(2)}*0930*^*00501*${control}*0*T*:`,
    `GS*HB*EXAMPLEPAYER*EXAMPLECLINIC*${checkedOn}*0930*${Number(control)}*X*005010X279A1`,
    ...segments,
    `SE*${segments.length + 1}*${control}`,
    `GE*1*${Number(control)}`,
    `IEA*1*${control}`,
  ].join('~\n').concat('~\n');
}

/** Sends a form; returns the last part of the address that it led to. */
export async function send(page, address, fields) {
  const to = await page.evaluate(async ([where, pairs]) => {
    const reply = await fetch(where, { method: 'POST', body: new URLSearchParams(pairs) });
    return reply.redirected ? new URL(reply.url).pathname : `${reply.status} ${await reply.text()}`;
  }, [address, [['key', randomBytes(16).toString('hex')], ...fields]]);
  if (!to.startsWith('/')) throw new Error(`${address} was refused: ${to.slice(0, 2000)}`);
  return to.split('/').at(-1);
}

/** Adds a person, and returns the patient's id. */
export function addPatient(page, { first, last, member, birth }) {
  const date = `${birth.slice(0, 4)}-${birth.slice(4, 6)}-${birth.slice(6)}`;
  return send(page, '/patients', [
    ['first_name', first], ['last_name', last], ['date_of_birth', date],
    ['primary_payer', 'Example Health Plan'], ['primary_member_id', member], ['somebody_else', '1'],
  ]);
}

/** Adds a treatment of today at the first location, and returns its id. */
export function addTreatment(page, patient, code, charge, location = 'LOC-001') {
  return send(page, '/treatments', [
    ['patient', patient], ['location', location], ['service_date', daysFromToday(0)], ['service_time', '12:00'],
    ['code', code], ['modifiers', ''], ['charge', charge],
  ]);
}

/** Imports payers' answers, which must each find their patient. */
export async function importAnswers(page, texts) {
  const status = await page.evaluate(async (files) => {
    const body = new FormData();
    body.set('key', 'k');
    for (const [index, text] of files.entries()) {
      body.append('files', new Blob([text]), `answer-${index}.271`);
    }
    const reply = await fetch('/eligibility/import', { method: 'POST', body });
    const waits = (await reply.text()).includes('Waits for a patient');
    return waits ? 'a check waits for a patient' : reply.status;
  }, texts);
  if (status !== 200) throw new Error(`the import was refused: ${status}`);
}

/** Adds a person whom payers answered for; `list` has the day and the rows of each answer. */
export async function addInsured(page, number, list) {
  const someone = person(number);
  const patient = await addPatient(page, someone);
  const texts = list.map(([checkedOn, rows]) => answer(someone, checkedOn, rows));
  if (texts.length > 0) await importAnswers(page, texts);
  return patient;
}
