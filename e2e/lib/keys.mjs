// Getting about without a mouse.
import assert from 'node:assert/strict';

const TAB_PRESSES_MAX = 150;

/** Presses Tab until the element has the focus. */
export async function tabTo(page, element) {
  await element.waitFor();
  for (let presses = 0; presses < TAB_PRESSES_MAX; presses += 1) {
    if (await element.evaluate((node) => node === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  assert.fail('the keyboard never reaches the element');
}
