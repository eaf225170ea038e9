// The browser: contexts, what goes wrong in them, and what they fetch.
import { appendFileSync } from 'node:fs';
import path from 'node:path';

import { chromium as playwright } from 'playwright-core';

import { chromium, home, out, screenshots, updateScreenshots } from './settings.mjs';

/** How the browser is started. */
export const ARGUMENTS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];
const WAIT_MS_MAX = 10_000;

/** Screens that the pages must suit. */
export const SCREENS = {
  desk: { width: 1366, height: 900 },
  phone: { width: 390, height: 844 },
  narrow: { width: 320, height: 640 },
  /** A desk of 1280 × 1024, where everything is shown at 400 %. */
  zoomed: { width: 320, height: 256 },
};

/** Starts the browser. */
export function openBrowser() {
  return playwright.launch({ executablePath: chromium, headless: true, args: ARGUMENTS });
}

/**
 * A fresh page on a server, in a context of its own.
 *
 * Options: `screen` (one of SCREENS), `scheme` (`light` or `dark`), `scripts` (false turns them
 * off), `state` (cookies of an earlier sign-in). What goes wrong is collected in `page.problems`;
 * every address asked for is written down.
 */
export async function openPage(browser, server, options = {}) {
  const { screen = SCREENS.desk, scheme = 'light', scripts = true, state } = options;
  const context = await browser.newContext({
    baseURL: server.url,
    viewport: screen,
    colorScheme: scheme,
    javaScriptEnabled: scripts,
    storageState: state,
    reducedMotion: 'reduce',
  });
  context.setDefaultTimeout(WAIT_MS_MAX);
  if (scripts) await context.addInitScript(observe);
  const page = await context.newPage();
  page.problems = [];
  page.requests = [];
  watch(page, server);
  return page;
}

/** Closes a page and its context; fails when anything went wrong in it. */
export async function closePage(page) {
  const { problems } = page;
  await page.context().close();
  if (problems.length > 0) throw new Error(`in the browser:\n  ${problems.join('\n  ')}`);
}

/** Forgets problems that the test itself caused, such as an answer 422. */
export function forgive(page, pattern) {
  page.problems = page.problems.filter((problem) => !pattern.test(problem));
}

/** Takes a picture of the whole page. */
export async function shot(page, name) {
  await page.screenshot({ path: path.join(screenshots, `${name}.png`), fullPage: true });
}

/** Takes a picture of a part for `docs/walkthrough.md`; only when asked for it is kept there. */
export async function picture(part, name) {
  const folder = updateScreenshots ? path.join(home, '../docs/screenshots') : screenshots;
  await part.screenshot({ path: path.join(folder, `${name}.png`), animations: 'disabled' });
}

/** The bytes on the wire since `page.requests` was emptied: all bodies, and the first document's. */
export async function bytes(page) {
  let all = 0;
  let html;
  for (const request of page.requests) {
    const response = await request.response();
    if (!response) continue;
    const { responseBodySize } = await request.sizes();
    all += responseBodySize;
    if (html === undefined && request.isNavigationRequest()) html = responseBodySize;
  }
  return { all, html };
}

/** How far things moved by themselves while the page was being laid out. */
export function layoutShift(page) {
  return page.evaluate(async () => {
    // What moved is told after the frame in which it did.
    const frame = () => new Promise((resolve) => { requestAnimationFrame(resolve); });
    await frame();
    await frame();
    return globalThis.almonerTest.shift;
  });
}

/** How many pixels the body is wider than the screen. */
export function overflow(page) {
  return page.evaluate(() => {
    const root = document.documentElement;
    return Math.max(root.scrollWidth, document.body.scrollWidth) - root.clientWidth;
  });
}

/** Runs inside every page, before its own scripts. */
function observe() {
  globalThis.almonerTest = { shift: 0 };
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (!entry.hadRecentInput) globalThis.almonerTest.shift += entry.value;
    }
  }).observe({ type: 'layout-shift', buffered: true });
  document.addEventListener('securitypolicyviolation', (event) => {
    console.error(`content policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
  });
}

function watch(page, server) {
  const complain = (text) => page.problems.push(`${new URL(page.url(), server.url).pathname}: ${text}`);
  page.on('console', (message) => complain(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => complain(error.stack ?? error.message));
  page.context().on('request', (request) => {
    const url = request.url();
    appendFileSync(path.join(out, `${server.name}.urls`), `${request.method()} ${url}\n`);
    page.requests.push(request);
    const foreign = !url.startsWith(`${server.url}/`) && !/^(data|blob|about):/.test(url);
    if (foreign) complain(`a request to elsewhere: ${url}`);
  });
}
