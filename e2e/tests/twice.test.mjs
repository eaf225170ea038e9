// Everything twice: two clicks, a reload, Back and the same form again, two tabs. Each thing is done
// once, and who came second is told.
import assert from 'node:assert/strict';

import { forgive } from '../lib/browser.mjs';
import { send } from '../lib/clinic.mjs';
import { daysFromToday } from '../lib/dates.mjs';
import { shows } from '../lib/expect.mjs';
import { answered, chooseFirst, region, rowLinks } from '../lib/find.mjs';
import { setStage } from '../lib/stage.mjs';

const BACK_MAX = 3;

let patient;
let things = 0;

const stage = setStage('twice', {
  prepare: async () => {
    const page = await stage.open({ as: 'front' });
    await page.goto('/patients');
    [patient] = await rowLinks(page, '/patients', 'PAT');
  },
});

/** The patient's id. */
const who = () => patient.split('/').at(-1);
const button = (page, name) => page.getByRole('button', { name, exact: true });
const inHistory = (text) => (page) => region(page, 'History').getByRole('listitem').filter({ hasText: text });

/** A new payment of the patient; `status` is reached by the program's own forms. */
async function payment(page, { status = 'pending' } = {}) {
  await page.goto('/payments');
  const id = await send(page, '/payments', [
    ['patient', who()], ['amount', '20.00'], ['do', status === 'draft' ? 'draft' : 'create'],
  ]);
  if (status === 'paid') {
    await send(page, `/payments/${id}/status`, [['version', '1'], ['to', 'paid'], ['tender_type', 'cash']]);
  }
  return `/payments/${id}`;
}

/**
 * The forms: who sends them, where they are (`makes` tells, where something is needed first), what is
 * filled in (`text` is new in each test) and pressed; then what was made, and where it is counted.
 *
 * Back leads to the form as it was, with its key. One that stands beside what it makes is a new one
 * then, and what was made `isShown`; what can be done once only `isGone`.
 */
const FORMS = [
  {
    name: 'a payment',
    as: 'front',
    at: () => `/payments/new?patient=${who()}`,
    fills: async (page, text) => {
      await page.getByLabel('Amount', { exact: true }).fill('20');
      await page.getByLabel('Memo').fill(text);
    },
    presses: 'Create',
    countedAt: () => patient,
    made: (page, text) => page.getByRole('row').filter({ hasText: text }),
  },
  {
    name: 'a patient',
    as: 'front',
    at: () => '/patients/new',
    fills: async (page, text) => {
      // Nobody may look like anybody: neither name is that of another test's patient.
      await page.getByLabel('First name', { exact: true }).fill(text);
      await page.getByLabel('Last name', { exact: true }).fill(text);
      await page.getByLabel('Date of birth', { exact: true }).fill('1980-02-29');
    },
    presses: 'Save',
    countedAt: (text) => `/patients?q=${encodeURIComponent(text)}`,
    made: (page, text) => page.getByRole('row').filter({ hasText: text }),
  },
  {
    name: 'a treatment',
    as: 'front',
    at: () => `/treatments/new?patient=${who()}`,
    fills: async (page) => {
      await page.getByLabel('Service date').fill(daysFromToday(0));
      await page.getByLabel('Service time').fill('09:30');
      await chooseFirst(page.getByLabel('Location'));
      await page.getByLabel('Code 1').fill('99213');
    },
    presses: 'Save',
    countedAt: () => patient,
    made: (page) => region(page, 'Treatments').getByRole('link', { name: /^TRT-/ }),
  },
  {
    name: 'a note',
    as: 'front',
    makes: payment,
    fills: (page, text) => page.getByLabel('New note').fill(text),
    presses: 'Add note',
    isShown: true,
    made: (page, text) => region(page, 'Notes').getByRole('listitem').filter({ hasText: text }),
  },
  {
    name: 'a link',
    as: 'front',
    makes: payment,
    presses: 'Generate link',
    isGone: true,
    made: inHistory('Payment link created'),
  },
  {
    name: 'cash',
    as: 'front',
    makes: payment,
    at: (home) => `${home}/status/new?to=paid`,
    fills: (page) => page.getByLabel('Tender').selectOption({ label: 'Cash' }),
    presses: 'Save',
    isGone: true,
    made: inHistory('Pending → Paid'),
  },
  {
    name: 'a view',
    as: 'biller',
    at: () => '/payments/views?status=failed',
    fills: (page, text) => page.getByLabel('Name').fill(text),
    presses: 'Save view',
    countedAt: () => '/payments/views',
    made: (page, text) => page.getByRole('listitem').filter({ hasText: text }),
  },
  {
    name: 'a count of the drawer',
    as: 'manager',
    at: () => '/reports/day-close/count?location=LOC-001&day=2026-01-05',
    fills: async (page, text) => {
      await page.getByLabel('Cash', { exact: true }).fill('12.50');
      await page.getByLabel('Note').fill(text);
    },
    presses: 'Save',
    countedAt: () => '/reports/day-close?day=2026-01-05',
    made: (page, text) => page.getByRole('row').filter({ hasText: text }),
  },
  {
    name: 'a location',
    as: 'admin',
    at: () => '/settings/locations',
    fills: async (page, text) => {
      await page.getByLabel('Name', { exact: true }).fill(text);
      await page.getByLabel('Time zone').selectOption('America/Denver');
    },
    presses: 'Save',
    isShown: true,
    made: (page, text) => page.getByRole('row').filter({ hasText: text }),
  },
];

for (const form of FORMS) {
  for (const scripts of [true, false]) {
    const how = scripts ? 'with scripts' : 'without scripts';
    stage.test(`${form.name} is made once, ${how}`, { as: form.as, scripts }, async (page) => {
      things += 1;
      const text = `Twice${things}`;
      const home = await form.makes?.(await stage.open({ as: form.as }));
      const address = form.at?.(home) ?? home;
      const count = async () => {
        await page.goto(form.countedAt?.(text) ?? home ?? address);
        return form.made(page, text).count();
      };
      const before = await count();
      await page.goto(address);
      await form.fills?.(page, text);
      await answered(page, () => button(page, form.presses).dblclick());
      await page.reload();
      assert.equal(await count(), before + 1, 'two clicks and a reload');
      // Back to the form as it was, unless it is not offered any more.
      for (let steps = 0; steps < BACK_MAX; steps += 1) {
        await page.goBack();
        if (sameAddress(page, address)) break;
      }
      if (form.isGone && await button(page, form.presses).count() === 0) return;
      if (form.isShown) {
        await shows(page.getByRole('main'), text);
        return;
      }
      await form.fills?.(page, text);
      await answered(page, () => button(page, form.presses).click());
      assert.equal(await count(), before + 1, 'Back, and the same again');
      forgive(page, /status of 4(09|22)/);
    });
  }
}

/** Whether the page is at this address, whichever key its form has. */
function sameAddress(page, address) {
  const { pathname, search } = new URL(page.url());
  return (pathname + search).replace(/[?&]key=[0-9a-f]+$/, '') === address;
}

stage.test('two tabs refund one payment once', { as: 'biller' }, async (page) => {
  const home = await payment(page, { status: 'paid' });
  const second = await stage.open({ as: 'biller' });
  for (const tab of [page, second]) {
    await tab.goto(`${home}/refunds/new`);
    await tab.getByRole('radio', { name: 'Full Refund' }).check();
    await tab.getByLabel('Reason').selectOption({ label: 'Billing error' });
    await button(tab, 'Review refund').click();
    await shows(tab.getByRole('main'), '$20.00', '$0.00');
  }
  await button(page, 'Confirm Refund').dblclick();
  await shows(page.getByRole('heading', { level: 1 }), /Refunded$/);
  await button(second, 'Confirm Refund').click();
  await shows(second.getByRole('main'), 'This was not done', 'Only a payment that is Paid');
  await page.goto(home);
  assert.equal(await region(page, 'Refunds').getByText('Billing error').count(), 1);
  forgive(second, /status of 4(09|22)/);
});

stage.test('two tabs take the money of one payment once', { as: 'front' }, async (page) => {
  const home = await payment(page);
  const second = await stage.open({ as: 'front' });
  for (const tab of [page, second]) {
    await tab.goto(`${home}/status/new?to=paid`);
    await tab.getByLabel('Tender').selectOption({ label: 'Cash' });
  }
  await button(page, 'Save').dblclick();
  await shows(region(page, 'Payment status'), 'Paid', 'Cash');
  await button(second, 'Save').click();
  await shows(second.getByRole('main'), 'Paid');
  await page.goto(home);
  assert.equal(await inHistory('Pending → Paid')(page).count(), 1);
  forgive(second, /status of 4(09|22)/);
});

stage.test('two tabs edit one payment, and the second is told what the first did', { as: 'biller' }, async (page) => {
  const home = await payment(page);
  const second = await stage.open({ as: 'biller' });
  for (const tab of [page, second]) await tab.goto(`${home}/edit`);
  await page.getByLabel('Amount', { exact: true }).fill('21');
  await button(page, 'Save').click();
  await shows(region(page, 'Payment status'), '$21.00');
  await second.getByLabel('Amount', { exact: true }).fill('22');
  await button(second, 'Save').click();
  await shows(region(second, 'Somebody else changed this payment'), '21.00', '22', 'Changed by');
  await page.goto(home);
  await shows(region(page, 'Payment status'), '$21.00');
  forgive(second, /status of 4(09|22)/);
});

for (const scripts of [true, false]) {
  const how = scripts ? 'with scripts' : 'without scripts';
  stage.test(`drafts are cancelled once, and a reload says so, ${how}`, { as: 'biller', scripts }, async (page) => {
    const maker = await stage.open({ as: 'biller' });
    const home = await payment(maker, { status: 'draft' });
    await page.goto('/payments?status=draft');
    await page.getByLabel(`Pick ${home.split('/').at(-1)}`).check();
    await answered(page, () => button(page, 'Cancel drafts').dblclick());
    await answered(page, () => button(page, 'Cancel 1 draft').dblclick());
    await shows(page.getByRole('main'), '1 of 1 done');
    await page.reload();
    await shows(page.getByRole('main'), '1 of 1 done', 'It is cancelled already.');
    await maker.goto(home);
    assert.equal(await inHistory('Draft → Cancelled')(maker).count(), 1);
  });
}
