// What the pages do beyond what the browser does by itself. Every page works without this file.
//
// One function, `parse`, turns an answer of the server into elements; it goes through the one
// Trusted Types policy. Everything else listens on the document, so that swapped parts need no
// new listeners.

const TYPING_PAUSE_MS = 150;
const BUSY_AFTER_MS = 200;
const KEYS_OFF = 'almoner-keys-off';

const policy = window.trustedTypes?.createPolicy('app', { createHTML: (text) => text });
const byId = (id) => document.getElementById(id);
const isField = (node) => node instanceof Element && node.matches('input, select, textarea, [contenteditable]');

/** Turns an answer of the server into a document. */
function parse(text) {
  return new DOMParser().parseFromString(policy ? policy.createHTML(text) : text, 'text/html');
}

/** Replaces the elements of these ids by those of the answer, and keeps the focus where it was. */
function swap(text, ids) {
  const answer = parse(text);
  const held = document.activeElement;
  const [start, end] = caret(held);
  for (const id of ids) {
    const fresh = answer.getElementById(id);
    if (fresh) byId(id)?.replaceWith(document.adoptNode(fresh));
  }
  if (held === document.activeElement || held === document.body) return;
  const again = (held.id && byId(held.id)) || byId('results');
  again?.focus({ preventScroll: true });
  if (start !== null) again?.setSelectionRange?.(start, end);
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

/** Asks for a page and swaps parts of it in; a newer call makes an older one void. */
async function load(url, request, ids) {
  running?.abort();
  const mine = new AbortController();
  running = mine;
  const busy = setTimeout(() => byId(ids[0])?.setAttribute('aria-busy', 'true'), BUSY_AFTER_MS);
  try {
    const answer = await fetch(url, { ...request, headers: { 'x-live': '1' }, signal: mine.signal });
    if (new URL(answer.url).pathname !== new URL(url, location).pathname) {
      if (new URL(answer.url).pathname === '/sign-in') location.reload();
      return false;
    }
    const text = await answer.text();
    if (mine.signal.aborted) return false;
    swap(text, ids);
    return true;
  } catch (error) {
    if (error.name !== 'AbortError') say('The page could not be refreshed. Try again.');
    return false;
  } finally {
    clearTimeout(busy);
    if (running === mine) byId(ids[0])?.removeAttribute('aria-busy');
  }
}

function say(text) {
  const place = byId('announce');
  if (place) place.textContent = text;
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
  if (!await load(url, {}, form.dataset.live.split(' '))) return;
  history[replaces ? 'replaceState' : 'pushState'](null, '', url);
  const told = document.querySelector('#results .pages p, #results .blank h2');
  say(told?.textContent ?? '');
}

document.addEventListener('input', ({ target }) => {
  if (target.form?.dataset.estimate) running?.abort();
  if (!target.form?.dataset.live || target.type !== 'search') return;
  clearTimeout(typing);
  typing = setTimeout(() => {
    list(target.form, address(target.form), isTyping);
    isTyping = true;
  }, TYPING_PAUSE_MS);
});

document.addEventListener('change', ({ target }) => {
  const { form } = target;
  if (form?.dataset.live && target.type !== 'search') {
    isTyping = false;
    list(form, address(form), false);
  }
  if (form?.dataset.estimate && /^(payment_type|treatment|network|charge|service_date|choice_.*)$/.test(target.name)) {
    const body = new URLSearchParams(new FormData(form));
    body.set('do', 'estimate');
    load(form.dataset.estimate, { method: 'POST', body }, ['estimate']);
  }
});

window.addEventListener('popstate', () => location.reload());

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
  const opener = target.closest('button[commandfor]');
  if (opener && !('command' in opener)) byId(opener.getAttribute('commandfor'))?.showModal();
});

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
  if (!('once' in form.dataset)) return;
  if ('sent' in form.dataset) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = '';
  for (const button of form.querySelectorAll('button')) button.setAttribute('aria-disabled', 'true');
});

window.addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('form[data-sent]')) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll('button')) button.removeAttribute('aria-disabled');
  }
});

window.addEventListener('beforeunload', (event) => {
  if (isDirty) event.preventDefault();
});

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
  if (key === 'Escape') {
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
