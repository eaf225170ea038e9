// Without a mouse: a whole payment, created, collected and refunded; the list's tools, documents, reports.
import assert from 'node:assert/strict';

import { chapter } from '../lib/chapter.mjs';
import { shows } from '../lib/expect.mjs';
import { awaitId, control, region } from '../lib/find.mjs';
import { tabTo } from '../lib/keys.mjs';
import { credentials } from '../lib/staff.mjs';
import { setStage } from '../lib/stage.mjs';

const CHOOSER_MS_MAX = 30_000;
const stage = setStage('keyboard');

stage.test('a payment is created, collected and refunded without a mouse', {}, async (page) => {
  await chapter('sign in', async () => {
    const { mail, password } = credentials('biller');
    await page.goto('/sign-in');
    await type(page, page.getByLabel('E-mail'), mail);
    await type(page, page.getByLabel('Password', { exact: true }), password);
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/payments$/);
  });
  await chapter('find the patient', async () => {
    await page.keyboard.press('c');
    await page.waitForURL(/\/payments\/new\??$/);
    await type(page, page.getByLabel('Patient', { exact: true }), 'candlewick');
    await page.keyboard.press('Enter');
    await press(page, page.getByRole('option', { name: /Candlewick/ }).first());
    await page.waitForURL(/patient=PAT-/);
  });
  await chapter('create', async () => {
    await type(page, page.getByLabel('Amount', { exact: true }), '45.60');
    await choose(page, page.getByLabel('Payment Type'), 'Private Pay');
    await type(page, page.getByLabel('Memo'), 'Without a mouse');
    await page.keyboard.press('Control+Enter');
    await awaitId(page, 'PAY');
    await shows(region(page, 'Payment status'), 'Pending', '$45.60');
  });
  await chapter('collect', async () => {
    await choose(page, page.getByLabel('Status', { exact: true }), 'Paid');
    await press(page, control(page, 'Change'));
    await page.waitForURL(/status\/new/);
    await choose(page, page.getByLabel('Tender'), 'Cash');
    await type(page, page.getByLabel('Amount given'), '45.60');
    await press(page, page.getByRole('button', { name: 'Save', exact: true }));
    await awaitId(page, 'PAY');
    await shows(region(page, 'Payment status'), 'Paid', 'Cash');
  });
  await chapter('refund', async () => {
    await press(page, control(page, 'Refund'));
    await page.waitForURL(/refunds\/new/);
    await tabTo(page, page.getByRole('radio').first());
    await page.keyboard.press('Space');
    await page.keyboard.press('ArrowDown');
    assert.ok(await page.getByRole('radio', { name: 'Partial Refund' }).isChecked());
    await type(page, page.getByLabel('Amount', { exact: true }), '5.60');
    await choose(page, page.getByLabel('Reason'), 'Billing error');
    await press(page, page.getByRole('button', { name: 'Review refund' }));
    await press(page, page.getByRole('button', { name: 'Confirm Refund' }));
    await shows(page.getByRole('heading', { level: 1 }), /Partially Refunded$/);
    await shows(region(page, 'Refunds'), '$5.60', 'Billing error');
  });
});

stage.test('the list is picked from, kept and shaped without a mouse', { as: 'biller' }, async (page) => {
  await chapter('pick drafts and cancel them', async () => {
    await page.goto('/payments?status=draft&per_page=25');
    await tick(page, page.locator('tbody .pick input').first());
    await tick(page, page.locator('tbody .pick input').nth(1));
    await shows(page.locator('#bulk'), '2 picked');
    await press(page, page.getByRole('button', { name: 'Cancel drafts' }));
    await press(page, page.getByRole('button', { name: 'Cancel 2 drafts' }));
    await shows(page.getByRole('main'), '2 of 2 done');
    await press(page, control(page, 'Back to the list'));
    await page.waitForURL(/status=draft/);
  });
  await chapter('keep a view, and remove it', async () => {
    await press(page, page.getByRole('link', { name: /^\+ View/ }));
    await type(page, page.getByLabel('Name'), 'Drafts by key');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/payments\?status=draft/);
    await page.goto('/payments/views');
    await press(page, page.getByRole('button', { name: 'Remove Drafts by key' }));
    await shows(page.getByRole('main'), 'You have saved none yet.');
  });
  await chapter('choose a column', async () => {
    await page.goto('/payments');
    await press(page, page.locator('#m-columns'));
    await tick(page, page.getByRole('group', { name: 'Columns' }).getByRole('checkbox', { name: 'Location' }));
    await press(page, page.getByRole('button', { name: 'Show these' }));
    await page.getByRole('columnheader', { name: 'Location' }).waitFor();
  });
});

stage.test('a document is added and a report read without a mouse', { as: 'manager' }, async (page) => {
  await page.goto('/payments?status=paid');
  await press(page, page.locator('tbody th a').first());
  await awaitId(page, 'PAY');
  const documents = region(page, 'Documents');
  // Listened for before the keys on the way there: the browser is told of it meanwhile.
  const choosing = page.waitForEvent('filechooser', { timeout: CHOOSER_MS_MAX });
  await tabTo(page, documents.locator('input[type=file]'));
  await page.keyboard.press('Enter');
  await (await choosing).setFiles({ name: 'key.txt', mimeType: 'text/plain', buffer: Buffer.from('By key.\n') });
  await press(page, documents.getByRole('button', { name: 'Upload' }));
  await shows(documents, '1 of 1 file');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('aging');
  await page.getByRole('option', { name: /Aging/ }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/reports\/aging/);
  await press(page, page.getByRole('table').getByRole('link').first());
  await page.waitForURL(/\/payments\?/);
});

async function type(page, field, text) {
  await tabTo(page, field);
  await page.keyboard.type(text);
}

async function tick(page, box) {
  await tabTo(page, box);
  await page.keyboard.press('Space');
}

async function press(page, element) {
  await tabTo(page, element);
  await page.keyboard.press('Enter');
}

/** Chooses in a select as one does with keys: by typing the option's first letters. */
async function choose(page, field, label) {
  await tabTo(page, field);
  await page.keyboard.type(label);
  const chosen = await field.evaluate((select) => select.selectedOptions[0].label.trim());
  assert.equal(chosen, label);
}
