// Days as the demo clinic counts them, wherever and at whatever hour the tests run.

const ZONE = 'America/New_York';
const DAY_MS = 86_400_000;

/** The day so many days from the clinic's today, as the browser's date field wants it. */
export function daysFromToday(days) {
  const today = new Intl.DateTimeFormat('en-CA', { timeZone: ZONE }).format(new Date());
  return new Date(Date.parse(today) + days * DAY_MS).toISOString().slice(0, 10);
}

/** The same as payers write it: `20261123`. */
export function day(offset = 0) {
  return daysFromToday(offset).replaceAll('-', '');
}

/** A day of the year before this one, as `20251220`. */
export function lastYear() {
  return `${Number(day().slice(0, 4)) - 1}1220`;
}
