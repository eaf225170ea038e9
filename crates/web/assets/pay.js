// A payer's page that waits for the processor: it looks whether anything changed, ever more seldom
// and a bounded number of times. Without scripts, the page's own link looks again.

const LOOK_MS_MIN = 1500;
const LOOK_MS_MAX = 10_000;
const LOOKS_MAX = 60;

/** The words that say how the payment stands. */
const standing = (page) => page.querySelector('h1')?.textContent;

let looks = 0;

async function look() {
  looks += 1;
  try {
    const reply = await fetch(location.href);
    const text = reply.ok ? await reply.text() : '';
    if (text && !text.includes(`<h1>${standing(document)}</h1>`)) {
      location.reload();
      return;
    }
  } catch {
    // The line is down; the next look may find it up.
  }
  if (looks < LOOKS_MAX) setTimeout(look, Math.min(LOOK_MS_MIN * 1.15 ** looks, LOOK_MS_MAX));
}

if (document.querySelector('[data-waits]')) setTimeout(look, LOOK_MS_MIN);
