// Measures in the page itself how long it takes from a hand's doing to what is seen of it.

/** Runs in every page before its own scripts. */
function observe() {
  const bench = { begun: 0, sent: 0, entries: [] };
  globalThis.almonerBench = bench;
  const begin = (event) => { bench.begun = event.timeStamp; };
  for (const name of ['click', 'input', 'change']) document.addEventListener(name, begin, true);
  const real = globalThis.fetch;
  globalThis.fetch = (...words) => {
    bench.sent = performance.now();
    return real(...words);
  };
  /** Settles when the element of this id is another one and the screen shows it. */
  bench.shown = (id) => new Promise((resolve) => {
    const old = document.getElementById(id);
    const observer = new MutationObserver(() => {
      const fresh = document.getElementById(id);
      if (!fresh || fresh === old) return;
      observer.disconnect();
      // A message that was sent in a frame comes after that frame was painted.
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => resolve(performance.now());
        port2.postMessage(0);
      });
    });
    observer.observe(document.body, { childList: true, subtree: true });
  });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (entry.interactionId) bench.entries.push([entry.interactionId, entry.duration]);
    }
  }).observe({ type: 'event', durationThreshold: 16, buffered: true });
}

/** Lets a context of the browser measure. */
export function equip(context) {
  return context.addInitScript(observe);
}

/** How long `act` took, until the element of this id was seen anew: from the hand, and on the way. */
export async function timed(page, id, act) {
  await page.evaluate((of) => { globalThis.almonerBench.wait = globalThis.almonerBench.shown(of); }, id);
  await act();
  return page.evaluate(async () => {
    const bench = globalThis.almonerBench;
    const end = await bench.wait;
    return { whole: end - bench.begun, sent: end - bench.sent };
  });
}

/** The longest duration of each interaction of the page so far. */
export async function interactions(page) {
  const entries = await page.evaluate(() => globalThis.almonerBench.entries);
  const longest = new Map();
  for (const [id, duration] of entries) longest.set(id, Math.max(longest.get(id) ?? 0, duration));
  return [...longest.values()];
}

/** What so many of a hundred are at most (nearest rank). */
export function percentile(values, percent) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
}
