// The main story in Firefox, steered by WebDriver BiDi: created, collected, refunded, found.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import puppeteer from 'puppeteer-core';

import { LIMIT, firefox } from '../lib/settings.mjs';
import { credentials } from '../lib/staff.mjs';
import { setStage } from '../lib/stage.mjs';

const WAIT_MS_MAX = 20_000;

const stage = setStage('firefox', {
  launch: () => puppeteer.launch({ browser: 'firefox', executablePath: firefox, headless: true }),
});

test('a payment is created, collected, refunded and found in Firefox', LIMIT, async () => {
  const page = await stage.browser.newPage();
  const problems = [];
  page.on('console', (message) => problems.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => problems.push(error.message));
  page.setDefaultTimeout(WAIT_MS_MAX);
  await page.setViewport({ width: 1366, height: 900 });
  const { mail, password } = credentials('biller');
  await page.goto(`${stage.server.url}/sign-in`);
  await fill(page, 'E-mail', mail);
  await fill(page, 'Password', password);
  await follow(page, 'Sign in');
  await page.goto(`${stage.server.url}/payments/new?q=candlewick`);
  const pick = await page.waitForSelector('[role=option]');
  await Promise.all([page.waitForNavigation(), pick.click()]);
  await fill(page, 'Amount', '$45.60');
  await fill(page, 'Memo', 'In another browser');
  await follow(page, 'Create');
  const [payment] = /PAY-\d+$/.exec(page.url());
  await choose(page, 'Status', 'paid');
  await follow(page, 'Change');
  await choose(page, 'Tender', 'cash');
  await fill(page, 'Amount given', '50');
  await follow(page, 'Save');
  await reads(page, 'Paid by', '$4.40');
  await follow(page, 'Refund');
  await (await field(page, 'Partial Refund')).click();
  await fill(page, 'Amount', '5.60');
  await choose(page, 'Reason', 'billing_error');
  await follow(page, 'Review refund');
  await reads(page, '$40.00', 'Billing error');
  await follow(page, 'Confirm Refund');
  await reads(page, 'Partially Refunded', '$5.60');
  await page.goto(`${stage.server.url}/payments`);
  const listed = (status) => page.waitForFunction((id, words) => {
    const [row, ...others] = document.querySelectorAll('#results tbody tr');
    return others.length < 50 && row?.innerText.includes(id) && row.innerText.includes(words);
  }, {}, payment, status);
  await listed('Partially Refunded');
  // The list follows what is typed without being loaded anew.
  await page.evaluate(() => { globalThis.stays = true; });
  await fill(page, 'Search', payment);
  await page.waitForFunction(() => location.search.includes('q=PAY'));
  await page.waitForFunction(() => document.querySelectorAll('#results tbody tr').length === 1);
  await listed('Partially Refunded');
  assert.equal(await page.evaluate(() => globalThis.stays), true, 'the page was not loaded anew');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'q', 'the focus stays in the search');
  assert.deepEqual(problems, []);
});

/** A field by its label. */
function field(page, label) {
  return page.waitForFunction((words) => {
    const labels = [...document.querySelectorAll('label')];
    return labels.find((one) => one.textContent.trim() === words)?.control;
  }, {}, label);
}

async function fill(page, label, text) {
  const element = await field(page, label);
  await element.click();
  await element.type(text);
}

async function choose(page, label, value) {
  await (await field(page, label)).select(value);
}

/** Presses what leads to another page, and waits for that. */
async function follow(page, name) {
  const element = await page.waitForFunction((words) => {
    const buttons = [...document.querySelectorAll('button')];
    return buttons.find((one) => one.textContent.trim() === words && one.checkVisibility());
  }, {}, name);
  await Promise.all([page.waitForNavigation(), element.click()]);
}

function reads(page, ...texts) {
  return page.waitForFunction((all) => {
    const seen = document.querySelector('main')?.innerText ?? '';
    return all.every((text) => seen.includes(text));
  }, {}, texts);
}
