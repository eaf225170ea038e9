
// Files: sent one by one, each with its progress, its way out and its result. This part is joined
// to the module; without it, the form sends all files at once and a page tells what became of each.

const SENT_AT_ONCE = 2;
const MIB = 1024 * 1024;
const IS_OPEN = new Set(['waiting', 'sending']);

/** The files of this page, in the order in which they came. */
const uploads = [];

/** Takes over the sending of a form with files; false when there is nothing to send. */
function takes(form) {
  const { files } = form.elements.files;
  if (files.length === 0) return false;
  take(form, [...files]);
  form.reset();
  return true;
}

/** Gives each file its row; it waits for its turn. */
function take(form, files) {
  byId('uploads').hidden = false;
  for (const file of files) {
    const row = byId('upload').content.firstElementChild.cloneNode(true);
    row.querySelector('[data-name]').textContent = file.name;
    byId('uploads').querySelector('ol').append(row);
    const upload = { form, file, row, state: 'waiting' };
    uploads.push(upload);
    name(upload, 'Cancel');
    const most = Number(form.dataset.maxMb);
    if (file.isFolder) end(upload, 'failed', 'This is a folder; drop the files that are in it.');
    else if (file.size > most * MIB) end(upload, 'failed', `The file is larger than ${most} MB.`);
  }
  next();
}

/** Sends what waits, a few at once. */
function next() {
  const sending = uploads.filter(({ state }) => state === 'sending').length;
  const waiting = uploads.filter(({ state }) => state === 'waiting');
  for (const upload of waiting.slice(0, SENT_AT_ONCE - sending)) send(upload);
  const open = uploads.filter(({ state }) => IS_OPEN.has(state)).length;
  const failed = uploads.filter(({ state }) => state === 'failed').length;
  const text = `${uploads.length - open} of ${uploads.length} files done`
    + (failed > 0 ? `, ${failed} not taken` : '');
  byId('uploads-told').textContent = text;
  byId('uploads').querySelector('[data-cancel="all"]').hidden = open === 0;
  if (open > 0) return;
  say(text);
  const refresh = dropForm()?.dataset.refresh;
  // Nothing is swapped from under a reader's hands.
  const isFree = (id) => !byId(id)?.contains(document.activeElement);
  const filter = byId('filter');
  if (refresh) load(location.href, {}, () => refresh.split(' ').filter(isFree), true);
  else if (filter) load(location.href, {}, () => filter.dataset.live.split(' '));
}

function send(upload) {
  const { form, file, row } = upload;
  const bar = row.querySelector('progress');
  const body = new FormData();
  body.set('key', form.elements.key.value);
  body.set('files', file);
  const request = new XMLHttpRequest();
  Object.assign(upload, { request, state: 'sending' });
  tell(upload, 'Sending');
  request.upload.onprogress = ({ loaded, total }) => { bar.value = (loaded / total) * 100; };
  request.upload.onload = () => {
    bar.removeAttribute('value');
    tell(upload, 'Reading');
  };
  request.onload = () => answered(upload, request);
  request.onerror = () => end(upload, 'failed', 'The file was not sent. Try again.', true);
  request.onabort = () => end(upload, 'cancelled', 'Cancelled. If it had arrived, it is in the list.', true);
  request.onloadend = next;
  request.open('POST', form.action);
  request.setRequestHeader('x-live', '1');
  request.send(body);
}

/** Shows the server's own words about a file. */
function answered(upload, request) {
  if (new URL(request.responseURL).pathname === '/sign-in') {
    end(upload, 'failed', 'You were signed out. Sign in again, then send the rest.');
    cancelAll();
    return;
  }
  const answer = parse(request.responseText);
  const result = answer.querySelector('.result-of');
  if (!result) {
    const told = answer.querySelectorAll('#errors li, .message h1, .message h1 + p');
    const why = [...told].map((part) => part.textContent.trim().replace(/\.?$/, '.')).join(' ');
    end(upload, 'failed', why || 'The file was not taken.', true);
    return;
  }
  upload.state = result.querySelector('.fault') ? 'failed' : 'done';
  const hadFocus = upload.row.contains(document.activeElement);
  upload.row.replaceChildren(document.adoptNode(result));
  if (hadFocus) byId('f-files').focus({ preventScroll: true });
}

/** Ends a file without a result; it may be tried again when that could help. */
function end(upload, state, text, again = false) {
  upload.state = state;
  tell(upload, text);
  upload.row.querySelector('progress').hidden = true;
  upload.row.classList.toggle('failed', state === 'failed');
  const button = upload.row.querySelector('button');
  button.hidden = !again;
  if (again) name(upload, 'Try again');
}

function tell({ row }, text) {
  row.querySelector('[data-state]').textContent = text;
}

/** What the row's button does; its name says for which file. */
function name({ row, file }, text) {
  const button = row.querySelector('button');
  button.textContent = text;
  button.setAttribute('aria-label', `${text}: ${file.name}`);
}

function cancelAll() {
  for (const upload of uploads) {
    if (upload.state === 'waiting') end(upload, 'cancelled', 'Not sent.', true);
    else if (upload.state === 'sending') upload.request.abort();
  }
}

document.addEventListener('click', ({ target }) => {
  const button = target.closest?.('[data-cancel]');
  if (!button) return;
  const upload = uploads.find(({ row }) => row.contains(button));
  if (!upload) {
    cancelAll();
  } else if (upload.state === 'sending') {
    upload.request.abort();
  } else if (upload.state === 'waiting') {
    end(upload, 'cancelled', 'Not sent.', true);
  } else {
    upload.state = 'waiting';
    upload.row.classList.remove('failed');
    tell(upload, 'Waiting');
    name(upload, 'Cancel');
    Object.assign(upload.row.querySelector('progress'), { hidden: false, value: 0 });
  }
  next();
});

// Files may be dropped anywhere on the page; elsewhere the browser would leave it for the file.

const dropForm = () => document.querySelector('form[data-upload]');
const bringsFiles = (event) => event.dataTransfer?.types.includes('Files') && dropForm();

document.addEventListener('dragover', (event) => {
  if (!bringsFiles(event)) return;
  event.preventDefault();
  byId('drop').classList.add('is-over');
});

document.addEventListener('dragleave', ({ relatedTarget }) => {
  if (!relatedTarget) byId('drop')?.classList.remove('is-over');
});

document.addEventListener('drop', (event) => {
  if (!bringsFiles(event)) return;
  event.preventDefault();
  byId('drop').classList.remove('is-over');
  const { files, items } = event.dataTransfer;
  take(dropForm(), [...files].map((file, place) => (
    items[place]?.webkitGetAsEntry?.()?.isDirectory ? { name: file.name, isFolder: true } : file
  )));
});

window.addEventListener('beforeunload', (event) => {
  if (uploads.some(({ state }) => IS_OPEN.has(state))) event.preventDefault();
});
