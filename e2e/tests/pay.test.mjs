// Collecting: staff make a link, a payer pays by it on a phone, and staff see it happen.
import assert from 'node:assert/strict';

import jsqr from 'jsqr';
import { PNG } from 'pngjs';

import { SCREENS, bytes, forgive, shot } from '../lib/browser.mjs';
import { eventually } from '../lib/eventually.mjs';
import { hides, shows } from '../lib/expect.mjs';
import { chooseFirst, control, region, rowLinks } from '../lib/find.mjs';
import { looks } from '../lib/looks.mjs';
import { setStage } from '../lib/stage.mjs';

/** The sandbox's webhook arrives at once; a slow card takes eight seconds. */
const PAID_MS_MAX = 40_000;
/** What the demo's pages for staff say and no payer may read. */
const SECRETS = /PAT-|TRT-|ELG-|Office Visit|Treatment Pre-Payment|Memo/;

/** All that a payer's page may weigh on the wire. */
const PAGE_BYTES_MAX = 25 * 1024;

let pending;

const stage = setStage('pay', { prepare: findPending });

async function findPending() {
  const page = await stage.open({ as: 'biller' });
  await page.goto('/payments?status=pending&status=failed');
  pending = await rowLinks(page, '/payments', 'PAY');
}

/** Makes a link for a payment that is not paid yet; tells the payment's and the link's address. */
async function issue(staff) {
  const home = pending.shift();
  await staff.goto(home);
  await control(staff, 'Generate link').click();
  await shows(staff.getByRole('main'), 'The payment link is ready.');
  return { home, link: await staff.getByLabel('Link', { exact: true }).inputValue() };
}

/** Opens a link as a payer with a phone, who is signed in nowhere. */
async function payer(link, options = {}) {
  const page = await stage.open({ screen: SCREENS.phone, ...options });
  await page.goto(link);
  return page;
}

async function pay(page, card) {
  await page.getByRole('button', { name: /^Pay \$/ }).click();
  await shows(page.getByRole('main'), 'This page stands in for a card processor');
  await give(page, card);
}

async function give(page, card) {
  await page.getByLabel('Test card number').fill(card);
  await page.getByRole('button', { name: /^Pay \$/ }).click();
}

async function standing(page, words) {
  await eventually(words, PAID_MS_MAX, () => page.getByRole('heading', { name: words }).isVisible());
}

/** What the payment's page tells staff about the patient and the treatment. */
async function told(staff, home) {
  await staff.goto(home);
  const texts = [];
  for (const name of ['Patient', 'Treatment']) {
    const facts = region(staff, name).locator('.person a, dd');
    texts.push(...await facts.allInnerTexts());
  }
  const words = texts.flatMap((text) => [text, ...text.split(/,\s+/)]).map((text) => text.trim());
  return new Set(words.filter((word) => word.length > 3));
}

stage.test('all that reaches a payer is small and says nothing about a patient', { as: 'biller' }, async (staff) => {
  const { home, link } = await issue(staff);
  const secrets = await told(staff, home);
  assert.ok(secrets.size > 2, [...secrets].join());
  const page = await payer(link);
  const { all } = await bytes(page);
  console.log(`the payer's page weighs ${all} bytes`);
  assert.ok(all > 0 && all <= PAGE_BYTES_MAX, `${all} bytes`);
  const parts = await page.locator('[href], [src]').evaluateAll(
    (elements) => elements.map((one) => one.getAttribute('href') ?? one.getAttribute('src')),
  );
  const sent = [];
  const ask = async (address, form) => {
    const body = form && new URLSearchParams(form);
    const answer = await fetch(address, { method: form ? 'POST' : 'GET', body, redirect: 'manual' });
    sent.push(`${[...answer.headers].join('\n')}\n${await answer.text()}`);
    return new URL(answer.headers.get('location') ?? '', address);
  };
  await ask(link);
  const files = [...new Set(parts)].filter((part) => part.startsWith('/assets/'));
  assert.ok(files.length > 1, parts.join());
  for (const file of files) await ask(new URL(file, link));
  const processor = await ask(link, {});
  await ask(processor);
  await ask(processor, { card: '4000 0000 0000 0002' });
  await ask(processor);
  await ask(await ask(processor, { card: '4242 4242 4242 4242' }));
  await eventually('Payment received', PAID_MS_MAX, async () => {
    await ask(link);
    return sent.at(-1).includes('Payment received');
  });
  await ask(`${link}/receipts`);
  assert.match(sent.at(-1), /Amount paid/);
  for (const answer of sent) {
    assert.doesNotMatch(answer, SECRETS);
    for (const secret of secrets) assert.ok(!answer.includes(secret), `"${secret}" in ${answer}`);
  }
});

stage.test('a payer pays by phone, and staff see it', { as: 'biller' }, async (staff) => {
  const { home, link } = await issue(staff);
  await looks(staff, 'pay-card');
  const page = await payer(link);
  await standing(page, 'Payment requested');
  assert.doesNotMatch(await page.locator('body').innerText(), SECRETS);
  await looks(page, 'pay-payable');
  await pay(page, '4000 0000 0000 9995');
  await shows(page.getByRole('main'), 'The card does not have enough money');
  await looks(page, 'pay-sandbox-declined');
  await give(page, '4000 0025 0000 3155');
  await looks(page, 'pay-sandbox-confirm');
  await control(page, 'Yes, it is me').click();
  await standing(page, 'Payment received');
  assert.equal(page.url(), link, 'the payer is back at the link');
  await looks(page, 'pay-paid');
  await control(page, 'Receipt').click();
  await shows(page.getByRole('main'), /RCP-\d+/, 'Amount paid');
  assert.doesNotMatch(await page.locator('body').innerText(), SECRETS);
  await looks(page, 'pay-receipt');
  await control(page, 'Back to the payment').click();
  await staff.goto(home);
  await shows(region(staff, 'Payment status'), 'Paid', 'Card');
  await shows(region(staff, 'History'), 'The payer began to pay', 'Processing → Paid', 'Payment link created');
  await page.goBack();
  await page.goto(link);
  await standing(page, 'Payment received');
});

stage.test('money goes back the way it came, and the payer sees it', { as: 'biller' }, async (staff) => {
  const { home, link } = await issue(staff);
  const page = await payer(link);
  await pay(page, '4242 4242 4242 4242');
  await standing(page, 'Payment received');
  await staff.goto(home);
  await control(staff, 'Refund').click();
  await staff.getByRole('radio', { name: 'Full Refund' }).check();
  await chooseFirst(staff.getByLabel('Reason'));
  await control(staff, 'Review refund').click();
  await control(staff, 'Confirm Refund').click();
  await eventually('the refund is settled', PAID_MS_MAX, async () => {
    await staff.goto(home);
    return (await region(staff, 'Refunds').innerText()).includes('Refunded');
  });
  await page.goto(link);
  await shows(page.getByRole('main'), 'was given back or is on its way back');
});

stage.test('a slow card keeps the page waiting, and it looks again by itself', { as: 'biller' }, async (staff) => {
  const { link } = await issue(staff);
  const page = await payer(link);
  await pay(page, '4000 0000 0000 0077');
  await standing(page, 'Payment in progress');
  await looks(page, 'pay-processing');
  await standing(page, 'Payment received');
});

stage.test('a late refusal is told, and the same link pays again', { as: 'biller' }, async (staff) => {
  const { link } = await issue(staff);
  const page = await payer(link);
  await pay(page, '4000 0000 0000 0341');
  await standing(page, 'The payment did not go through');
  await shows(page.getByRole('main'), 'The bank declined the card', 'Nothing was charged');
  await looks(page, 'pay-failed');
  await pay(page, '4242 4242 4242 4242');
  await standing(page, 'Payment received');
});

stage.test('with scripts off and at 320 px, a payer leaves, comes back and pays', { as: 'biller' }, async (staff) => {
  const { link } = await issue(staff);
  const page = await payer(link, { scripts: false, screen: SCREENS.narrow });
  await page.getByRole('button', { name: /^Pay \$/ }).click();
  await control(page, 'Back without paying').click();
  await standing(page, 'Payment in progress');
  await shows(page.getByRole('main'), 'If you have paid');
  await shot(page, 'pay-left-narrow');
  await control(page, 'Go on with the payment').click();
  await give(page, '4242 4242 4242 4242');
  await eventually('the payment is received', PAID_MS_MAX, async () => {
    const again = control(page, 'Look again');
    if (await again.isVisible()) await again.click();
    return page.getByRole('heading', { name: 'Payment received' }).isVisible();
  });
});

stage.test('two tabs lead to one page of the processor', { as: 'biller' }, async (staff) => {
  const { link } = await issue(staff);
  const first = await payer(link);
  const second = await first.context().newPage();
  await second.goto(link);
  for (const page of [first, second]) await page.getByRole('button', { name: /^Pay \$/ }).click();
  await shows(second.getByRole('main'), 'This page stands in for a card processor');
  assert.equal(first.url(), second.url());
  await give(first, '4242 4242 4242 4242');
  await standing(first, 'Payment received');
  await give(second, '4242 4242 4242 4242');
  await standing(second, 'Payment received');
});

stage.test('the QR code leads to the link, which staff copy, replace and end', { as: 'biller' }, async (staff) => {
  const { home, link } = await issue(staff);
  await staff.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await control(staff, 'Copy link').click();
  await shows(staff.getByRole('main'), 'Copied');
  assert.equal(await staff.evaluate(() => navigator.clipboard.readText()), link);
  await staff.getByText('QR code', { exact: true }).click();
  const picture = PNG.sync.read(await staff.getByRole('img', { name: /QR code/ }).screenshot());
  const read = jsqr(new Uint8ClampedArray(picture.data), picture.width, picture.height);
  assert.equal(read?.data, link);
  await looks(staff, 'pay-card-qr');
  await staff.getByText('Replace or end it').click();
  await control(staff, 'Make a new link').click();
  await shows(staff.getByRole('main'), 'The payment link is ready.');
  const newer = await staff.getByLabel('Link', { exact: true }).inputValue();
  assert.notEqual(newer, link);
  const page = await payer(link);
  await standing(page, 'This payment link is no longer valid');
  await looks(page, 'pay-no-longer');
  await page.goto(newer);
  await standing(page, 'Payment requested');
  await staff.getByText('Replace or end it').click();
  await control(staff, 'End the link').click();
  await shows(region(staff, 'Payment link'), 'The link was ended');
  await page.goto(newer);
  await standing(page, 'This payment link is no longer valid');
  forgive(page, /404/);
  await staff.goto(home);
  await hides(region(staff, 'Payment link'), '/pay/');
});
