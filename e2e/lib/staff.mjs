// The staff of the demo clinic.
import assert from 'node:assert/strict';

import { remember } from './canaries.mjs';
import { command } from './server.mjs';

const PASSWORD = 'demo-demo-demo';
const MAIL = {
  front: 'front@demo.clinic',
  biller: 'biller@demo.clinic',
  manager: 'manager@demo.clinic',
  admin: 'admin@demo.clinic',
  auditor: 'auditor@demo.clinic',
};

export const credentials = (role) => ({ mail: MAIL[role], password: PASSWORD });

/** Adds the auditor, whom the demo does not have, as an administrator does at the command line. */
export function addAuditor(server) {
  const words = ['user', 'add', MAIL.auditor, '--role', 'auditor', '--name', 'Otto Specimen'];
  return command(server, [...words, '--password-stdin'], `${PASSWORD}\n`);
}

/** Signs in through the page, and returns the cookies for other pages. */
export async function signIn(page, role) {
  await page.goto('/sign-in');
  await page.getByLabel('E-mail').fill(MAIL[role]);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL((url) => url.pathname !== '/sign-in');
  assert.equal(new URL(page.url()).pathname, '/payments', 'sign-in leads to the payments');
  const state = await page.context().storageState();
  for (const cookie of state.cookies) {
    if (cookie.httpOnly) remember(cookie.value);
  }
  return state;
}
