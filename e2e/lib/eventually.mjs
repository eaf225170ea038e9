// Waiting for something to become true, with a deadline.

const POLL_MS = 50;

/** Waits until `check` returns something true, and returns it; fails at the deadline. */
export async function eventually(what, limitMs, check) {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`not within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => { setTimeout(resolve, POLL_MS); });
  }
}
