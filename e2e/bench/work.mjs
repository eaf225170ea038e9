// What a person does over and over on the pages that have to answer at once.
import { timed } from './clock.mjs';

/** Parts of names, as one types them: common and rare, short and long, two words, and nobody's. */
const TYPED = [
  'ap', 'apple', 'thistle', 'fern wick', 'zora', 'te', 'nettle', 'ox', 'copperfield', 'ada',
  'wi', 'mossgate', 'petra o', 'kestrel', 'yarrow', 'xq', 'hugo', 'saltmarsh', 'bram', 'linden',
];
/** The first letters of a name, from two to five. */
const BEGUN = ['ap', 'app', 'appl', 'th', 'thi', 'thist', 'fe', 'fern', 'zo', 'zora', 'ke', 'kest'];
const ORDERS = [
  'sort=created&dir=desc', 'sort=amount&dir=desc', 'sort=due&dir=asc', 'sort=status&dir=asc',
  'sort=patient&dir=asc',
];

/** Ticks what is offered under a menu of the filter, one after another, and takes it back. */
function tick(menu, name) {
  return async (page, count) => {
    const times = [];
    await page.goto('/payments');
    while (times.length < count) {
      const boxes = page.locator(`input[name="${name}"]`);
      const offered = await boxes.count();
      for (let place = 0; place < offered && times.length < count; place += 1) {
        if (!await boxes.nth(place).isVisible()) await page.locator(`#${menu}`).click();
        times.push(await timed(page, 'results', () => boxes.nth(place).click()));
        times.push(await timed(page, 'results', () => boxes.nth(place).click()));
      }
    }
    return times;
  };
}

/** Types one thing after another into a field. */
function type(address, field, part, texts) {
  return async (page, count) => {
    const times = [];
    await page.goto(address);
    for (let turn = 0; turn < count; turn += 1) {
      const text = texts[turn % texts.length];
      times.push(await timed(page, part, () => page.locator(field).fill(text)));
    }
    return times;
  };
}

/** Turns pages under every order: on and back from the first, and back from the last. */
async function turn(page, count) {
  const times = [];
  const press = async (name) => {
    const link = page.locator(`#page-${name}`);
    // A page that is still has no first one to go back to.
    if (await link.count() > 0) times.push(await timed(page, 'results', () => link.click()));
  };
  while (times.length < count) {
    for (const order of ORDERS) {
      await page.goto(`/payments?${order}`);
      for (const name of ['next', 'next', 'previous', 'last', 'previous', 'first']) await press(name);
    }
  }
  return times;
}

/** Each kind of work: what it is called, and what does it so many times. */
export const WORK = [
  ['live filter: status', tick('m-status', 'status')],
  ['live filter: location', tick('m-location', 'location')],
  ['live filter: search', type('/payments', '#q', 'results', TYPED)],
  ['patient combobox', type('/payments/new', '#f-q', 'found', BEGUN)],
  ['page turns, five orders', turn],
];
