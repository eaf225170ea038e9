// How a page looks as it stands: accessibility in both schemes, width on all screens, pictures.
import assert from 'node:assert/strict';

import { axe } from './axe.mjs';
import { SCREENS, overflow, shot } from './browser.mjs';
import { engine, takesPictures } from './settings.mjs';

/**
 * Judges a page on its own screen in light and dark, then on a phone, then where nothing may be
 * wider than 320 px: on a narrow screen, and on a desk at 400 %. Takes its pictures, when somebody
 * wants to see them, and leaves the page as it was. What is stored where cannot change any of it, so
 * it is judged on one engine only.
 */
export async function looks(page, name) {
  if (engine !== 'sqlite') return;
  const own = page.viewportSize();
  await inBothSchemes(page, async (scheme) => {
    await axe(page, `${name} in ${scheme}`);
    if (takesPictures) await shot(page, `${name}-${scheme}`);
  });
  if (own.width > SCREENS.phone.width) {
    await page.setViewportSize(SCREENS.phone);
    await fits(page, name);
    if (takesPictures) await inBothSchemes(page, (scheme) => shot(page, `${name}-phone-${scheme}`));
  }
  for (const screen of [SCREENS.zoomed, SCREENS.narrow]) {
    await page.setViewportSize(screen);
    await fits(page, name);
  }
  await axe(page, `${name} on a narrow screen`);
  await page.setViewportSize(own);
}

async function inBothSchemes(page, part) {
  for (const colorScheme of ['dark', 'light']) {
    await page.emulateMedia({ colorScheme });
    await part(colorScheme);
  }
}

/** The body does not scroll sideways; tables may, in a region of their own. */
async function fits(page, name) {
  const { width, height } = page.viewportSize();
  assert.ok(await overflow(page) <= 0, `${name} scrolls sideways on ${width} × ${height}`);
}
