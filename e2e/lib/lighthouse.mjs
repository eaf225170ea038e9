// Lighthouse's judgement of a page, on a phone and on a desk.
import lighthouse, { desktopConfig } from 'lighthouse';
import puppeteer from 'puppeteer-core';

import { ARGUMENTS } from './browser.mjs';
import { chromium } from './settings.mjs';

/** What each kind of screen is judged by; the phone is Lighthouse's own. */
const CONFIGS = { phone: undefined, desk: desktopConfig };

const FLAGS = { disableStorageReset: true, logLevel: 'error', disableFullPageScreenshot: true };
/** The pages are still at once; only where time is measured is it waited longer for more. */
const HASTE = {
  networkQuietThresholdMs: 250, cpuQuietThresholdMs: 250, pauseAfterFcpMs: 0, pauseAfterLoadMs: 0,
};

/** Starts a browser that Lighthouse can steer, with the cookies of an earlier sign-in. */
export async function openAuditor(state) {
  const browser = await puppeteer.launch({ executablePath: chromium, headless: true, args: ARGUMENTS });
  if (state) await browser.setCookie(...state.cookies);
  return browser;
}

/**
 * How fast a page is for somebody new, judged several times: with nothing cached, or for staff, who
 * come from the sign-in page, with what that brought. Gives the middle of the scores and of the
 * times until the largest part is painted.
 */
export async function timed(browser, url, screen, times, staff) {
  const judged = [];
  while (judged.length < times) {
    const visitor = await browser.createBrowserContext();
    if (staff) {
      const entrance = await visitor.newPage();
      await entrance.goto(new URL('/sign-in', url).href, { waitUntil: 'networkidle0' });
      await entrance.close();
      await visitor.setCookie(...staff.cookies);
    }
    const { scores, audits } = await audit(visitor, url, screen, ['performance']);
    await visitor.close();
    judged.push({ score: scores.performance, lcp: audits['largest-contentful-paint'].numericValue });
  }
  const middle = (key) => judged.map((one) => one[key]).sort((a, b) => a - b)[times >> 1];
  return { score: middle('score'), lcp: middle('lcp') };
}

/**
 * What Lighthouse says of a page: all scores, out of 100, what was found wanting, and the audits.
 * It now and then misses the beginning of a load by a fault of its own, and asks to be run again.
 */
export async function audit(browser, url, screen, categories, tries = 3) {
  const isTimed = categories.includes('performance');
  const page = await browser.newPage();
  const flags = { ...FLAGS, ...(isTimed ? {} : HASTE), onlyCategories: categories };
  const { lhr } = await lighthouse(url, flags, CONFIGS[screen], page);
  await page.close();
  if (lhr.runtimeError?.code === 'NO_NAVSTART' && tries > 1) {
    return audit(browser, url, screen, categories, tries - 1);
  }
  if (lhr.runtimeError) throw new Error(`${url}: ${lhr.runtimeError.message}`);
  const scores = Object.values(lhr.categories).map(({ id, score }) => [id, Math.round(score * 100)]);
  return { scores: Object.fromEntries(scores), wanting: wanting(lhr), audits: lhr.audits };
}

/** The audits that took a point away, with the first places. */
function wanting({ categories, audits }) {
  const counted = Object.values(categories).flatMap(({ auditRefs }) => auditRefs)
    .filter(({ weight }) => weight > 0).map(({ id }) => audits[id]);
  return counted.filter(({ score }) => score !== null && score < 1).map(({ id, details }) => {
    const places = (details?.items ?? []).slice(0, 3);
    return `${id}: ${places.map((item) => item.node?.snippet ?? JSON.stringify(item)).join(' | ')}`;
  });
}
