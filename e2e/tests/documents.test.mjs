// Documents and notes on a payment: sent, dropped, cancelled, refused, shown, renamed, deleted and
// restored, with scripts and without.
import assert from 'node:assert/strict';
import { deflateSync } from 'node:zlib';

import { axe } from '../lib/axe.mjs';
import { SCREENS, forgive, overflow, shot } from '../lib/browser.mjs';
import { eventually } from '../lib/eventually.mjs';
import { hides, shows } from '../lib/expect.mjs';
import { region, rowLinks } from '../lib/find.mjs';
import { signIn } from '../lib/staff.mjs';
import { setStage } from '../lib/stage.mjs';

const AWKWARD = `O'Brien & Søn <b>.txt`;
const PAGE = '<!doctype html><script>document.title = "run"</script>';
const MIB = 1024 * 1024;

let payments;

const stage = setStage('documents', {
  prepare: async () => {
    const page = await stage.open({ as: 'front' });
    await page.goto('/payments?status=paid');
    payments = await rowLinks(page, '/payments', 'PAY');
  },
});

/** A PNG of one colour. */
function png(width, height) {
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const head = Buffer.alloc(4);
    head.writeUInt32BE(data.length);
    const tail = Buffer.alloc(4);
    tail.writeUInt32BE(crc(body));
    return Buffer.concat([head, body, tail]);
  };
  const size = Buffer.alloc(13);
  size.writeUInt32BE(width, 0);
  size.writeUInt32BE(height, 4);
  size.set([8, 0, 0, 0, 0], 8);
  const rows = Buffer.alloc((width + 1) * height, 0x60);
  for (let row = 0; row < height; row += 1) rows[row * (width + 1)] = 0;
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'), chunk('IHDR', size), chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function crc(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit += 1) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
  }
  return (value ^ 0xffffffff) >>> 0;
}

const file = (name, content) => ({
  name, mimeType: 'application/octet-stream', buffer: Buffer.from(content),
});

async function choose(part, files) {
  await part.locator('input[type=file]').setInputFiles(files);
  await part.getByRole('button', { name: 'Upload' }).click();
}

stage.test('documents are chosen, each with its result, and handled on the page', { as: 'front' }, async (page) => {
  await page.goto(payments[0]);
  const part = region(page, 'Documents');
  await shows(part, 'No documents yet.');
  await choose(part, [
    file('card.png', png(320, 200)), file('trick.png', PAGE), file(AWKWARD, 'Dear desk,\n'),
  ]);
  await shows(part, '3 of 3 files done, 1 not taken');
  const of = (name) => part.getByRole('group', { name, exact: true });
  await shows(of('trick.png'), 'By its content, this is a web page');
  await shows(of(AWKWARD), 'Added');
  // The list and the history follow without the page being loaded again.
  const link = part.getByRole('link', { name: AWKWARD, exact: true });
  await eventually('the list shows what was added', 10_000, async () => await link.count() === 1);
  await shows(region(page, 'History'), 'Document added');
  const image = part.getByRole('img', { name: 'card.png' });
  await eventually('the image is drawn', 10_000, () => image.evaluate((node) => node.naturalWidth === 320));
  const kept = page.waitForEvent('download');
  await link.click();
  assert.equal((await kept).suggestedFilename().endsWith('.txt'), true);
  for (const screen of Object.values(SCREENS)) {
    await page.setViewportSize(screen);
    assert.equal(await overflow(page), 0, 'nothing is wider than the screen');
    await axe(page, 'documents');
  }
  await page.setViewportSize(SCREENS.desk);
  await shot(page, 'documents');
  await part.getByText('Rename or delete').first().click();
  const name = part.getByLabel('Name', { exact: true }).first();
  await name.fill('Letter');
  await part.getByRole('button', { name: `Rename ${AWKWARD}` }).click();
  await shows(part, 'Letter.txt');
  await part.getByText('Rename or delete').first().click();
  await part.getByRole('button', { name: 'Delete Letter.txt' }).click();
  await shows(page.getByRole('main'), 'can be restored for 30 days');
  await part.getByText('Deleted documents (1)').click();
  await axe(page, 'a deleted document');
  await part.getByRole('button', { name: 'Restore Letter.txt' }).click();
  await hides(part, 'Deleted documents');
  await shows(part, 'Letter.txt');
});

stage.test('documents are dropped, cancelled on their way and tried again', { as: 'front' }, async (page) => {
  await page.goto(payments[1]);
  const part = region(page, 'Documents');
  const held = [];
  await page.route('**/documents', (route) => { held.push(route); });
  const files = await page.evaluateHandle((large) => {
    const transfer = new DataTransfer();
    for (const name of ['a.txt', 'b.txt', 'c.txt']) transfer.items.add(new File([name], name));
    transfer.items.add(new File([new Uint8Array(large)], 'large.txt'));
    return transfer;
  }, 26 * MIB);
  await part.dispatchEvent('dragover', { dataTransfer: files });
  assert.match(await part.getAttribute('class'), /is-over/, 'the place for files shows itself');
  await part.dispatchEvent('drop', { dataTransfer: files });
  await shows(part, 'large.txt', 'larger than 25 MB');
  await eventually('two are on their way', 10_000, () => held.length === 2);
  await axe(page, 'documents on their way');
  await part.getByRole('button', { name: 'Cancel: c.txt' }).click();
  await part.getByRole('button', { name: 'Cancel: a.txt' }).click();
  await shows(part, 'Not sent.', 'Cancelled.');
  await held[1].continue();
  await shows(part.getByRole('group', { name: 'b.txt', exact: true }), 'Added');
  await page.unroute('**/documents');
  await part.getByRole('button', { name: 'Try again: a.txt' }).click();
  await shows(part.getByRole('group', { name: 'a.txt', exact: true }), 'Added');
  await part.getByRole('button', { name: 'Try again: c.txt' }).click();
  const links = part.getByRole('link');
  await eventually('all three are in the list', 10_000, async () => await links.count() === 3);
});

stage.test('with scripts off, documents and notes work as fully', { scripts: false }, async (page) => {
  await signIn(page, 'front');
  await page.goto(payments[2]);
  const part = region(page, 'Documents');
  await choose(part, [file('one.txt', 'one'), file('two.txt', 'two')]);
  await shows(page.getByRole('main'), 'The documents were added.');
  await shows(part, 'one.txt', 'two.txt');
  await choose(part, [file('trick.png', PAGE), file('three.txt', 'three')]);
  await shows(page.getByRole('alert'), 'trick.png: By its content');
  await shows(part.getByRole('group', { name: 'three.txt', exact: true }), 'Added');
  await shot(page, 'documents-refused');
  await part.getByText('Rename or delete').first().click();
  await part.getByRole('button', { name: 'Delete three.txt' }).click();
  await part.getByText('Deleted documents (1)').click();
  await part.getByRole('button', { name: 'Restore three.txt' }).click();
  await shows(part, 'three.txt');
  const notes = region(page, 'Notes');
  await notes.getByLabel('New note').fill('Called.\nSee https://example.com/policy.');
  await notes.getByRole('button', { name: 'Add note' }).click();
  const link = notes.getByRole('link', { name: 'https://example.com/policy', exact: true });
  assert.match(await link.getAttribute('rel'), /noopener noreferrer/);
  await notes.getByText('Edit', { exact: true }).click();
  await notes.getByLabel('Text of the note').fill('Called twice.');
  await notes.getByRole('button', { name: 'Save note' }).click();
  await notes.getByText('Earlier texts (1)').click();
  await shows(notes, 'Called twice.', 'See https://example.com/policy.');
  forgive(page, /status of 422/);
  for (const scheme of ['light', 'dark']) {
    const judged = await stage.open({ as: 'front', scheme });
    await judged.goto(payments[2]);
    for (const opened of ['Earlier texts (1)', 'Edit']) {
      await region(judged, 'Notes').getByText(opened, { exact: true }).click();
    }
    await region(judged, 'Documents').getByText('Rename or delete').first().click();
    await axe(judged, `an edited note and open documents, ${scheme}`);
    await shot(judged, `documents-open-${scheme}`);
  }
});
