// Payers' answers of invented people, as files for the import.
import { day } from './dates.mjs';

const USUAL = ['EB*1*IND*30*PP*EXAMPLE PLAN', 'EB*B*IND*98***27*30*****Y', 'EB*C*IND*30***29*800*****Y'];
let control = 1000;

/** A 271 about somebody: `first`, `last`, `member`, `birth` (CCYYMMDD), and what else is said. */
export function answerAbout(person, { rows = USUAL, payer = 'EXAMPLE MUTUAL', extra = [] } = {}) {
  control += 1;
  const number = String(control).padStart(9, '0');
  const today = day();
  const body = [
    `ST*271*${number}*005010X279A1`,
    `BHT*0022*11*E2E${number}*${today}*0815`,
    'HL*1**20*1', `NM1*PR*2*${payer}*****PI*EX009`,
    'HL*2*1*21*1', 'NM1*1P*2*EXAMPLE CLINIC*****XX*1234567893',
    'HL*3*2*22*0', `TRN*2*E2E${number}*9EXAMPLE01`,
    `NM1*IL*1*${person.last}*${person.first}****MI*${person.member}`,
    ...extra,
    `DMG*D8*${person.birth}*F`,
    ...rows,
  ];
  return [
    'ISA*00*          *00*          *ZZ*EXAMPLEPAYER   *ZZ*EXAMPLECLINIC  '
      + `*${today.slice(2)}*0815*^*00501*${number}*0*T*:`,
    `GS*HB*EXAMPLEPAYER*EXAMPLECLINIC*${today}*0815*${control}*X*005010X279A1`,
    ...body, `SE*${body.length + 1}*${number}`, `GE*1*${control}`, `IEA*1*${number}`,
  ].map((segment) => `${segment}~\n`).join('');
}

/** The same as a file that a browser chooses. */
export function fileAbout(name, person, said) {
  return file(name, answerAbout(person, said));
}

/** Any text as a file that a browser chooses. */
export function file(name, text) {
  return { name, mimeType: 'text/plain', buffer: Buffer.from(text) };
}
