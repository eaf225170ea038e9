// Assertions about what a page shows, which wait for it to show it.
import assert from 'node:assert/strict';

import { eventually } from './eventually.mjs';

const SHOW_MS_MAX = 10_000;

/** Waits until the visible text of a part of the page contains each of these. */
export async function shows(part, ...texts) {
  let seen = '';
  const missing = () => texts.filter((text) => !contains(seen, text));
  await eventually('the text is shown', SHOW_MS_MAX, async () => {
    seen = await part.innerText().catch(() => '');
    return missing().length === 0;
  }).catch(() => {});
  assert.deepEqual(missing(), [], `not shown in:\n${seen}`);
}

/** The part of the page contains none of these now. */
export async function hides(part, ...texts) {
  const seen = await part.innerText();
  assert.deepEqual(texts.filter((text) => contains(seen, text)), [], `shown in:\n${seen}`);
}

/** Waits until a field has this value. */
export async function holds(field, value) {
  let seen;
  await eventually('the value is there', SHOW_MS_MAX, async () => {
    seen = await field.inputValue();
    return seen === value;
  }).catch(() => {});
  assert.equal(seen, value);
}

/** Waits until the page's focus is in this element. */
export async function focused(element) {
  await eventually('the focus is there', SHOW_MS_MAX, () => (
    element.evaluate((node) => node === document.activeElement)
  ));
}

function contains(seen, text) {
  const plain = seen.replaceAll(/\s+/g, ' ').toLowerCase();
  return text instanceof RegExp ? text.test(seen) : plain.includes(text.toLowerCase());
}
