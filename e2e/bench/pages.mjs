// How fast the pages answer in a browser. `cargo xtask bench` runs this once for each engine, on a
// database that `almoner demo-data` filled; the tables are written where ALMONER_BENCH_OUT says.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { ARGUMENTS, SCREENS } from '../lib/browser.mjs';
import { eventually } from '../lib/eventually.mjs';
import { control, rowLinks } from '../lib/find.mjs';
import { openAuditor, timed } from '../lib/lighthouse.mjs';
import { binary, chromium } from '../lib/settings.mjs';
import { signIn } from '../lib/staff.mjs';
import { equip, interactions, percentile } from './clock.mjs';
import { startStill } from './still.mjs';
import { WORK } from './work.mjs';

import { chromium as playwright } from 'playwright-core';

const START_MS_MAX = 60_000;
const WARM = 20;
const GOAL_MS = 100;
const LCP_MS_MAX = 1000;
const AUDITS = 5;
const count = Number(process.env.ALMONER_BENCH_COUNT ?? 100);
const database = process.env.ALMONER_BENCH_DATABASE;
const out = process.env.ALMONER_BENCH_OUT;

const lines = [];
const print = (line) => {
  lines.push(line);
  console.log(line);
};
const row = (cells) => print(`| ${cells.join(' | ')} |`);
const ms = (value) => value.toFixed(0);
const met = (is) => (is ? 'met' : '**not met**');

const folder = mkdtempSync(path.join(os.tmpdir(), 'almoner-bench-'));
const words = ['demo', '--listen', '127.0.0.1:0', '--database', database];
const server = spawn(binary, words, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
process.once('exit', () => {
  server.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});
let said = '';
for (const stream of [server.stdout, server.stderr]) stream.on('data', (data) => { said += data; });
let base = '';
await eventually('the server prints its address', START_MS_MAX, () => {
  base = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0] ?? '';
  if (server.exitCode !== null) throw new Error(`the server ended\n${said}`);
  return base !== '';
});

const browser = await playwright.launch({ executablePath: chromium, headless: true, args: ARGUMENTS });
const open = async (baseURL, storageState) => {
  const context = await browser.newContext({
    baseURL, storageState, viewport: SCREENS.desk, reducedMotion: 'reduce',
  });
  context.setDefaultTimeout(60_000);
  await equip(context);
  return context.newPage();
};
const entrance = await open(base);
const state = await signIn(entrance, 'biller');
const still = await startStill(base, state.cookies, ['/payments', '/payments/new?q=ap']);

row([
  'in the browser, in ms', 'p50', 'p95', 'besides, before the request, p50', 'still page, p50', 'p95',
  'p95 ÷ still', 'p95 ≤ 100',
]);
print('|---|--:|--:|--:|--:|--:|--:|---|');
let touched = [];
for (const [name, work] of WORK) {
  const measured = [];
  for (const [at, cookies] of [[base, state], [still.url, undefined]]) {
    const page = await open(at, cookies);
    await work(page, WARM);
    const times = await work(page, count);
    if (at === base) touched = touched.concat(await interactions(page));
    measured.push(times);
    await page.context().close();
  }
  const [own, bare] = measured.map((times) => times.map(({ sent }) => sent));
  const pause = measured[0].map(({ whole, sent }) => whole - sent);
  const [p95, bare95] = [percentile(own, 95), percentile(bare, 95)];
  row([
    name, ms(percentile(own, 50)), ms(p95), ms(percentile(pause, 50)), ms(percentile(bare, 50)),
    ms(bare95), (p95 / bare95).toFixed(2), met(p95 <= GOAL_MS),
  ]);
}
const inp = percentile(touched, 98) ?? 0;
print('');
print(`INP over all of this (98 of 100 of ${touched.length} interactions that took 16 ms or more): `
  + `${ms(inp)} ms; at most 100 ms: ${met(inp <= GOAL_MS)}.`);
print('');

// A payment whose page shows a link, and the payer's page behind it.
await entrance.goto('/payments?status=pending');
const [detail] = await rowLinks(entrance, '/payments', 'PAY');
await entrance.goto(detail);
await control(entrance, 'Generate link').click();
const link = new URL(await entrance.getByLabel('Link', { exact: true }).inputValue()).pathname;
await browser.close();
const auditor = await openAuditor();
// The browser's own start is no page's doing.
await timed(auditor, `${base}/payments/new`, 'phone', 1, state);
print('| Lighthouse, middle of five | performance | = 100 | LCP, ms | ≤ 1,000 |');
print('|---|--:|---|--:|---|');
const pages = { list: '/payments', detail, create: '/payments/new', pay: link };
for (const [name, address] of Object.entries(pages)) {
  for (const screen of ['phone', 'desk']) {
    const staff = address === link ? undefined : state;
    const { score, lcp } = await timed(auditor, `${base}${address}`, screen, AUDITS, staff);
    row([`${name}, ${screen}`, score, met(score === 100), ms(lcp), met(lcp <= LCP_MS_MAX)]);
  }
}
await auditor.close();
still.stop();
if (out) writeFileSync(out, `${lines.join('\n')}\n`);
server.kill('SIGTERM');
process.exit(0);
