// What takes longer than a second says so, calmly: forms, lists, files; and files that find no place.
import assert from 'node:assert/strict';
import http from 'node:http';

import { axe } from '../lib/axe.mjs';
import { forgive, layoutShift, shot } from '../lib/browser.mjs';
import { eventually } from '../lib/eventually.mjs';
import { shows } from '../lib/expect.mjs';
import { region, rowLinks } from '../lib/find.mjs';
import { setStage } from '../lib/stage.mjs';

/** What a page may move at most, as everywhere. */
const CLS_MAX = 0.02;

const stage = setStage('progress', { settings: ['--max-uploads', '1'] });

/** Holds what is asked for until it is let go. */
async function hold(page, address, method = 'GET') {
  let letGo;
  const free = new Promise((resolve) => { letGo = resolve; });
  await page.route(address, async (route) => {
    if (route.request().method() === method) await free;
    await route.continue();
  });
  return letGo;
}

const told = (page) => page.locator('#announce.shown');

stage.test('a slow form says what it does, and is not sent twice', { as: 'biller' }, async (page) => {
  await page.goto('/payments/views?status=failed');
  await page.getByLabel('Name', { exact: true }).fill('Slow');
  // While a page is on its way, nobody looks into the old one from outside: it tells by itself.
  const letGo = await hold(page, '**/payments/views', 'POST');
  let heard;
  await page.exposeFunction('hear', (text) => {
    heard = text;
    letGo();
  });
  await page.evaluate(() => {
    const place = document.getElementById('announce');
    new MutationObserver(() => {
      const isHeld = document.querySelector('[data-submit]').ariaDisabled === 'true';
      if (place.className === 'shown') globalThis.hear(`${place.textContent} ${isHeld}`);
    }).observe(place, { attributes: true });
  });
  await page.getByRole('button', { name: 'Save view' }).click({ noWaitAfter: true });
  await page.waitForURL(/\/payments\?status=failed$/);
  assert.equal(heard, 'Save view … true');
});

for (const scheme of ['light', 'dark']) {
  stage.test(`a slow list says that it loads, and moves nothing, ${scheme}`, { as: 'biller', scheme }, async (page) => {
    await page.goto('/payments');
    const letGo = await hold(page, '**/payments?q=*');
    const place = await page.locator('#results').boundingBox();
    await page.getByRole('searchbox', { name: 'Search' }).fill('smith');
    await shows(told(page), 'Loading …');
    assert.deepEqual(await page.locator('#results').boundingBox(), place);
    assert.ok(await layoutShift(page) <= CLS_MAX, 'only the words themselves came');
    await shot(page, `progress-${scheme}`);
    letGo();
    await eventually('nothing is told any more', 10_000, async () => await told(page).count() === 0);
    await page.waitForURL(/q=smith$/);
    });
}

stage.test('a file that is handed out is told of', { as: 'biller' }, async (page) => {
  await page.goto('/payments?status=failed');
  const kept = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Export CSV' }).click();
  await shows(told(page), 'The file is on its way.');
  assert.match((await kept).suggestedFilename(), /\.csv$/);
  await page.locator('#results tbody .pick input').first().check();
  const picked = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export picked' }).click();
  await shows(told(page), 'The file is on its way.');
  await axe(page, 'a file on its way');
  await picked;
});

/** Takes the only place for files, until it is ended. */
function occupy(path, cookies) {
  const request = http.request(`${stage.server.url}${path}`, {
    method: 'POST',
    headers: {
      cookie: cookies.map(({ name, value }) => `${name}=${value}`).join('; '),
      origin: stage.server.url,
      'sec-fetch-site': 'same-origin',
      'content-type': 'multipart/form-data; boundary=m',
    },
  });
  request.on('error', () => {});
  request.write('--m\r\nContent-Disposition: form-data; name="files"; filename="slow.txt"\r\n\r\nslow');
  return request;
}

stage.test('a file that finds no place is told so, and can be tried again', { as: 'biller' }, async (page) => {
  await page.goto('/payments?status=draft');
  const [payment] = await rowLinks(page, '/payments', 'PAY');
  await page.goto(payment);
  const slow = occupy(`${payment}/documents`, (await stage.state('biller')).cookies);
  const part = region(page, 'Documents');
  // The place may not be taken yet when the first of these comes.
  const file = (name) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(name) });
  await eventually('the place is taken', 60_000, async () => {
    const name = `late-${Date.now()}.txt`;
    await part.locator('input[type=file]').setInputFiles([file(name)]);
    await part.getByRole('button', { name: 'Upload' }).click();
    const row = part.locator('#uploads li').last();
    await eventually('it is answered', 20_000, async () => /Added|Too many/.test(await row.innerText()));
    return /Too many/.test(await row.innerText());
  });
  const row = part.locator('#uploads li').last();
  await shows(row, 'Too many files are under way. Nothing of this was done. Please try it again in a minute.');
  await axe(page, 'a file that found no place');
  await shot(page, 'documents-busy');
  slow.destroy();
  await row.getByRole('button', { name: /^Try again/ }).click();
  await shows(row, 'Added');
  forgive(page, /503/);
});
