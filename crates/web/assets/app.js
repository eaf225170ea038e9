// What the pages do beyond what the browser does by itself. Every page works without this file.
//
// One function, `parse`, turns an answer of the server into elements; it goes through the one
// Trusted Types policy. Everything else listens on the document, so that swapped parts need no
// new listeners.

const TYPING_PAUSE_MS = 150;
const BUSY_AFTER_MS = 200;
const SLOW_AFTER_MS = 1000;
const VERY_SLOW_MS = 10_000;
const TOLD_MS = 6000;
const LOOK_MS = 3000;
const LOOKS_MAX = 20;
const WARN_S = 120;
const USED_MS = 60_000;
const WHOLE_ID = /^[a-z]{3}-?\d+$/i;
const KEYS_OFF = 'almoner-keys-off';

const policy = window.trustedTypes?.createPolicy('app', { createHTML: (text) => text });
const byId = (id) => document.getElementById(id);
const isField = (node) => node instanceof Element && node.matches('input, select, textarea, [contenteditable]');

/** Turns an answer of the server into a document. */
function parse(text) {
  return new DOMParser().parseFromString(policy ? policy.createHTML(text) : text, 'text/html');
}

/**
 * Replaces the elements of these ids by those of the answer, and keeps the focus where it was.
 * Returns how many the answer had.
 */
function swap(text, ids) {
  const answer = parse(text);
  const held = document.activeElement;
  const [start, end] = caret(held);
  let found = 0;
  for (const id of ids) {
    const fresh = answer.getElementById(id);
    if (!fresh) continue;
    found += 1;
    byId(id)?.replaceWith(document.adoptNode(fresh));
  }
  if (held === document.activeElement || held === document.body) return found;
  const again = (held.id && byId(held.id)) || byId('results') || byId('s-estimate');
  again?.focus({ preventScroll: true });
  if (start !== null) again?.setSelectionRange?.(start, end);
  return found;
}

/** Where the caret of a text field stands; other fields have none. */
function caret(field) {
  try {
    return [field.selectionStart ?? null, field.selectionEnd ?? null];
  } catch {
    return [null, null];
  }
}

let running;

/**
 * Asks for a page and swaps parts of it in; a newer call makes an older one void. `ids` tells
 * which, when the answer is there. Returns whether it was done; undefined when it was made void.
 */
async function load(url, request, ids, isQuiet = false) {
  running?.abort();
  const mine = new AbortController();
  running = mine;
  const showBusy = () => byId(ids()[0])?.setAttribute('aria-busy', 'true');
  const busy = isQuiet ? undefined : setTimeout(showBusy, BUSY_AFTER_MS);
  if (!isQuiet) working('Loading');
  try {
    const answer = await fetch(url, { ...request, headers: { 'x-live': '1' }, signal: mine.signal });
    if (new URL(answer.url).pathname !== new URL(url, location).pathname) {
      if (new URL(answer.url).pathname === '/sign-in') location.reload();
      return false;
    }
    const text = await answer.text();
    if (mine.signal.aborted) return undefined;
    if (swap(text, ids()) > 0) return true;
  } catch (error) {
    if (error.name === 'AbortError') return undefined;
  } finally {
    clearTimeout(busy);
    if (running === mine) {
      byId(ids()[0])?.removeAttribute('aria-busy');
      running = undefined;
      if (!isQuiet) settled();
    }
    look();
  }
  if (!isQuiet) show('The page could not be refreshed. Try again.', TOLD_MS);
  return false;
}

function say(text) {
  const place = byId('announce');
  if (place) place.textContent = text;
}

// What takes longer than a second is told: read out, and shown above the page without moving it.

let telling;

/** Says what is under way, once it is slow, until it is settled or another page comes. */
function working(what) {
  settled();
  telling = setTimeout(() => {
    show(`${what} …`);
    telling = setTimeout(() => show(`${what} … takes longer than usual. Please wait.`), VERY_SLOW_MS);
  }, SLOW_AFTER_MS);
}

/** Shows words, for a while or until they are settled. */
function show(text, milliseconds) {
  settled();
  say(text);
  byId('announce')?.classList.replace('sr', 'shown');
  if (milliseconds) telling = setTimeout(settled, milliseconds);
}

function settled() {
  clearTimeout(telling);
  byId('announce')?.classList.replace('shown', 'sr');
}

/** A file comes beside the page, and only the browser knows when it is there. */
function handedOut() {
  show('The file is on its way. Your browser shows when it is there.', TOLD_MS);
}

// A question to a payer or an import that is under way: the page looks how it stands, ever more
// seldom and a bounded number of times, and then leaves it to the reader.

let looks = 0;
let looking;

function look() {
  clearTimeout(looking);
  if (looks >= LOOKS_MAX || !document.querySelector('[data-look]')) return;
  looking = setTimeout(lookNow, LOOK_MS * (1 + Math.floor(looks / 5)));
}

async function lookNow() {
  const open = document.querySelector('[data-look]');
  const ids = open?.dataset.look.split(' ') ?? [];
  looks += 1;
  // Nothing is swapped from under a reader's hands.
  const isHeld = ids.some((id) => byId(id)?.contains(document.activeElement));
  if (!open || running || document.hidden || isHeld) return look();
  const form = open.closest('form[data-estimate]');
  const url = form?.dataset.estimate ?? location.href;
  if (!await load(url, form ? estimating(form) : {}, () => ids, true)) return;
  if (!document.querySelector('[data-look]')) say('What was under way has ended; the page says how.');
}

// Lists: the filter works while it is being set.

let typing;
let isTyping = false;

/** The address of a filter form: what is blank is left out. */
function address(form) {
  const url = new URL(form.action);
  url.search = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ''));
  return url;
}

async function list(form, url, replaces) {
  if (!await load(url, {}, () => form.dataset.live.split(' '))) return;
  history[replaces ? 'replaceState' : 'pushState'](null, '', url);
  const told = document.querySelector('#results .pages p, #results .blank h2');
  say(told?.textContent ?? '');
}

document.addEventListener('input', ({ target }) => {
  if (!target.form?.dataset.live || target.type !== 'search') return;
  clearTimeout(typing);
  typing = setTimeout(() => {
    list(target.form, address(target.form), isTyping);
    isTyping = true;
  }, TYPING_PAUSE_MS);
});

/** A range that is chosen and dates that are typed exclude each other: what is set last holds. */
function alone(field) {
  if (field.value === '') return;
  for (const other of field.closest('[data-range]')?.querySelectorAll('select, input') ?? []) {
    if (other.type !== field.type) other.value = '';
  }
}

document.addEventListener('change', ({ target }) => {
  const { form } = target;
  alone(target);
  if (form?.dataset.live && target.type !== 'search') {
    isTyping = false;
    list(form, address(form), false);
  }
  if (target.closest('.pick')) picked(target);
  if (form?.dataset.estimate && (BASIS.test(target.name) || ASKED.test(target.name))) estimate(form, target.name);
});

function estimating(form) {
  const body = new URLSearchParams(new FormData(form));
  body.set('do', 'estimate');
  return { method: 'POST', body };
}

window.addEventListener('popstate', () => location.reload());

// The estimate of the create form, asked anew when anything changes that it rests on.

const BASIS = /^(payment_type|treatment)$/;
const ASKED = /^(location|network|charge|service_date|choice_.*)$/;

/** Hides the numbers at once, so that none of another question stays, and asks for new ones. */
async function estimate(form, name) {
  const isBasis = BASIS.test(name);
  const { amount, used_amount: used } = form.elements;
  if (isBasis && used.value !== '' && used.value === amount.value) amount.value = '';
  const panel = byId('estimate');
  panel.dataset.old = isBasis ? 'all' : 'numbers';
  delete panel.dataset.lost;
  // What is being typed into stays as it is.
  const parts = () => (
    !isBasis && document.activeElement?.closest('#asked') ? ['answer', 'basis'] : ['estimate']
  );
  const isDone = await load(form.dataset.estimate, estimating(form), parts);
  if (isDone === undefined) return;
  if (isDone) delete byId('estimate').dataset.old;
  else byId('estimate').dataset.lost = '';
  if (isDone) say(byId('answer')?.dataset.say ?? '');
}

// Rows that are picked.

function picked(box) {
  const boxes = [...document.querySelectorAll('#results tbody .pick input')];
  const all = document.querySelector('[data-all]');
  if (box === all) for (const each of boxes) each.checked = all.checked;
  const count = boxes.filter((each) => each.checked).length;
  all.checked = count === boxes.length;
  all.indeterminate = count > 0 && !all.checked;
  byId('picked').textContent = count > 0 ? `${count} picked` : '';
}

// Clicks: pages and orders of a list, rows, menus.

document.addEventListener('click', (event) => {
  const { target } = event;
  if (!(target instanceof Element)) return;
  for (const menu of document.querySelectorAll('.menu[open]')) {
    if (!menu.contains(target)) menu.open = false;
  }
  const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
  const link = target.closest('a[data-swap]');
  const form = byId('filter');
  if (link && isPlain && form?.dataset.live) {
    event.preventDefault();
    clearTimeout(typing);
    isTyping = false;
    list(form, new URL(link.href), false);
    if (link.closest('.pages')) byId('results').scrollIntoView({ block: 'nearest' });
  } else if (isPlain && !target.closest('a, button, input, label, summary, details')) {
    const row = target.closest('#results tbody tr');
    if (row && getSelection().isCollapsed) row.querySelector('th a')?.click();
  }
  if (isPlain && target.closest('a[download], a[data-file]')) handedOut();
  if (isPlain && target.closest('#to-jump') && byId('jump')) {
    event.preventDefault();
    jump();
  }
  const opener = target.closest('button[commandfor]');
  if (opener && !('command' in opener)) byId(opener.getAttribute('commandfor'))?.showModal();
});

// Lists of codes: what is proposed goes on from what stands in the field.

for (const name of ['focusin', 'input']) {
  document.addEventListener(name, ({ target }) => {
    if (!('codes' in target.dataset)) return;
    const [head] = /^(.*[,;\s])?/s.exec(target.value);
    for (const option of target.list.options) option.value = head + option.dataset.code;
  });
}

// Fields that pick from what the server finds while one types.

let picking;

const choices = (field) => [...byId(field.dataset.picks).querySelectorAll('[role=option]')];

/** Marks one of the choices as the one that Enter takes; none for no number. */
function mark(field, number) {
  const options = choices(field);
  for (const option of options) option.removeAttribute('aria-selected');
  field.setAttribute('aria-expanded', String(options.length > 0));
  field.removeAttribute('aria-activedescendant');
  const option = options.at(number % options.length);
  if (number === undefined || !option) return;
  option.setAttribute('aria-selected', 'true');
  option.scrollIntoView({ block: 'nearest' });
  field.setAttribute('aria-activedescendant', option.id);
}

/** Asks for choices; a single letter has too many, and a whole id needs none. */
async function find(field) {
  const text = field.value.trim();
  const id = field.dataset.picks;
  if (WHOLE_ID.test(text) && id !== 'jumps') return;
  if (text.length < 2 && !/\d/.test(text)) {
    byId(id).replaceChildren();
    byId(`${id}-more`).replaceChildren();
  } else if (!await load(address(field.form), {}, () => [id, `${id}-more`])) return;
  mark(field);
  const count = choices(field).length;
  say(count > 0 ? `${count} found` : byId(`${id}-more`).textContent);
}

document.addEventListener('input', ({ target }) => {
  if (!target.dataset?.picks) return;
  clearTimeout(picking);
  picking = setTimeout(() => find(target), TYPING_PAUSE_MS);
});

/** The keys of such a field; tells whether it took the key. */
function pick(field, key) {
  const options = choices(field);
  const here = options.findIndex((option) => option.ariaSelected === 'true');
  if (key === 'Enter' && here >= 0) options[here].click();
  else if (key === 'ArrowDown' && options.length > 0) mark(field, here + 1);
  else if (key === 'ArrowUp' && options.length > 0) mark(field, here < 0 ? -1 : here + options.length - 1);
  else return false;
  return true;
}

/** Opens the way to anything; on its own page the field is there already. */
function jump() {
  if (byId('jump') && !document.querySelector('dialog[open]')) byId('jump').showModal();
  byId('jump-q')?.select();
}

// The end of the session is told before it comes. Who types or clicks uses it, a minute at a time.

const leaving = byId('leaving');
let watching;
let usedAt = Date.now();

function watchIn(seconds) {
  clearTimeout(watching);
  watching = setTimeout(() => watch('GET'), seconds * 1000);
}

async function watch(method) {
  let left;
  try {
    ({ left } = await (await fetch('/session', { method })).json());
  } catch {
    watchIn(WARN_S / 2);
    return;
  }
  if (left <= 0) {
    isDirty = false;
    location.replace(`/sign-in?next=${encodeURIComponent(leaving.dataset.here)}`);
  } else if (left <= WARN_S) {
    if (!leaving.open) leaving.showModal();
    watchIn(left + 1);
  } else {
    leaving.close();
    watchIn(left - WARN_S);
  }
}

function used() {
  if (leaving.open || Date.now() - usedAt < USED_MS) return;
  usedAt = Date.now();
  watch('POST');
}

if (leaving) {
  for (const name of ['keydown', 'pointerdown']) document.addEventListener(name, used);
  byId('stay').addEventListener('click', () => watch('POST'));
  watchIn(leaving.dataset.left - WARN_S);
}

// Forms: sent once, and not left by accident.

let isDirty = false;

document.addEventListener('input', ({ target }) => {
  if (target.form && 'guard' in target.form.dataset) isDirty = true;
});

document.addEventListener('submit', (event) => {
  const form = event.target;
  clearTimeout(typing);
  isDirty = false;
  if ('upload' in form.dataset && takes(form)) {
    event.preventDefault();
    return;
  }
  if ('sent' in form.dataset) {
    event.preventDefault();
    return;
  }
  tellSending(form, event.submitter);
  if (!('once' in form.dataset)) return;
  form.dataset.sent = '';
  for (const button of form.querySelectorAll('button')) button.setAttribute('aria-disabled', 'true');
});

/** What a form does is told in the words of its button. */
function tellSending(form, button) {
  if (form.method === 'dialog') return;
  const { pathname } = new URL(button?.getAttribute('formaction') ?? form.action, location);
  if (/\.(csv|xlsx)$/.test(pathname)) handedOut();
  else working(button?.textContent.trim().replace(/\s+/g, ' ') || 'Loading');
}

window.addEventListener('pageshow', () => {
  settled();
  for (const form of document.querySelectorAll('form[data-sent]')) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll('button')) button.removeAttribute('aria-disabled');
  }
});

window.addEventListener('beforeunload', (event) => {
  if (isDirty) event.preventDefault();
});

// What is copied is chosen whole; the button is there only where it works.

for (const button of document.querySelectorAll('[data-copy]')) {
  button.hidden = !navigator.clipboard;
  button.addEventListener('click', async () => {
    const field = byId(button.dataset.copy);
    field.select();
    await navigator.clipboard.writeText(field.value);
    say('Copied.');
    button.textContent = 'Copied';
  });
}

// A receipt whose printing was noted is printed, once.

const sheet = document.querySelector('[data-print]');
if (sheet) {
  history.replaceState(history.state, '', location.pathname + sheet.dataset.print);
  print();
}

// Keys: silent in fields and dialogs, and can be switched off.

let areKeysOff = false;
try {
  areKeysOff = localStorage.getItem(KEYS_OFF) !== null;
} catch {
  // Storage may be forbidden; then the choice holds for this page.
}

/** Moves the focus to the next or the previous row. */
function move(by) {
  const links = [...document.querySelectorAll('#results tbody th a')];
  const here = links.findIndex((link) => link.closest('tr').contains(document.activeElement));
  links[Math.min(Math.max(here + by, 0), links.length - 1)]?.focus();
}

const KEYS = {
  '/': () => byId('q')?.select(),
  c: () => byId('create')?.click(),
  j: () => move(1),
  k: () => move(-1),
  '?': () => byId('keys')?.showModal(),
};

document.addEventListener('keydown', (event) => {
  const { target, key } = event;
  if (key === 'Enter' && (event.ctrlKey || event.metaKey) && isField(target)) {
    const button = target.form?.querySelector('[data-submit]');
    if (button) {
      event.preventDefault();
      target.form.requestSubmit(button);
    }
    return;
  }
  if (key === 'k' && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && leaving) {
    event.preventDefault();
    jump();
    return;
  }
  if (target.dataset?.picks && pick(target, key)) {
    event.preventDefault();
    return;
  }
  if (key === 'Enter' && target.closest?.('#asked input')) {
    event.preventDefault();
    estimate(target.form, target.name);
    return;
  }
  if (key === 'Escape') {
    // A search field would keep the first press to itself.
    if (target.dataset?.picks) target.closest('dialog')?.close();
    const menu = target.closest?.('.menu[open]');
    if (menu) {
      menu.open = false;
      menu.querySelector('summary').focus();
    }
  }
  if (event.ctrlKey || event.metaKey || event.altKey || areKeysOff || isField(target)) return;
  if (document.querySelector('dialog[open]') || !Object.hasOwn(KEYS, key)) return;
  event.preventDefault();
  KEYS[key]();
});

const keysBox = byId('keys-on');
if (keysBox) {
  keysBox.checked = !areKeysOff;
  keysBox.addEventListener('change', () => {
    areKeysOff = !keysBox.checked;
    try {
      if (areKeysOff) localStorage.setItem(KEYS_OFF, '1');
      else localStorage.removeItem(KEYS_OFF);
    } catch {
      // As above.
    }
  });
}

look();
