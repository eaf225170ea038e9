// The planted values, and the secrets that the tests come across.
import { appendFileSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { day } from './dates.mjs';
import { home, out } from './settings.mjs';

const SECRET_CHARS_MIN = 16;

/** A name with everything that a careless page trips over. */
export const AWKWARD = `O'Brien & Søn <b>`;

export const canary = {
  lastName: 'Zzcanaryname',
  member: 'ZZCANARYMEMBER',
  memo: `Zzcanarymemo ${AWKWARD}`,
  note: `Zzcanarynote ${AWKWARD}`,
  reason: `Zzcanaryreason ${AWKWARD}`,
  check: 'Zzcanarycheck',
  search: 'Zzcanarysearch',
};

/** A value made by the server that must never be in a log. */
export function remember(secret) {
  if (secret.length < SECRET_CHARS_MIN) throw new Error(`too short for a secret: ${secret}`);
  appendFileSync(path.join(out, 'secrets.txt'), `logs ${secret}\n`);
}

/** A payer's answer, dated today. */
export function answer(name) {
  const today = day();
  const text = readFileSync(path.join(home, 'fixtures', name), 'utf8');
  return Buffer.from(text.replaceAll('{{CCYYMMDD}}', today).replaceAll('{{YYMMDD}}', today.slice(2)));
}
