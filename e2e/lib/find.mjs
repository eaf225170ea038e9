// Finding things by the names that the pages promise, as a person would.

/** A button or a link of this name: which of the two it is, is the page's business. */
export function control(scope, name) {
  const exact = typeof name === 'string';
  const button = scope.getByRole('button', { name, exact });
  return button.or(scope.getByRole('link', { name, exact })).first();
}

/** A landmark region by its name. */
export function region(page, name) {
  return page.getByRole('region', { name, exact: true });
}

/**
 * Presses what the server answers with a page, and waits until that is shown whole. What is
 * pressed earlier may still be pressed on the page before.
 */
export async function answered(page, presses) {
  const shown = page.waitForEvent('framenavigated');
  await presses();
  await shown;
  await page.waitForLoadState('networkidle');
}

/** Chooses the first real option of a select. */
export async function chooseFirst(field) {
  const values = await field.locator('option').evaluateAll(
    (options) => options.filter((option) => option.value !== '').map((option) => option.value),
  );
  if (values.length === 0) throw new Error('the field has nothing to choose from');
  await field.selectOption(values[0]);
}

/** Ticks an option of a filter that is folded up. */
export async function chooseFilter(page, name, option) {
  await page.getByRole('search').locator('summary').filter({ hasText: name }).click();
  await page.getByRole('group', { name }).getByRole('checkbox', { name: option, exact: true }).check();
}

/** The first of these addresses at which all of this may be done. */
export async function firstOffering(page, addresses, ...names) {
  for (const address of addresses) {
    await page.goto(address);
    const there = await Promise.all(names.map((name) => control(page, name).count()));
    if (there.every((count) => count > 0)) return address;
  }
  throw new Error(`none of ${addresses.length} pages offers ${names.join(' and ')}`);
}

/** The public id of this kind (`PAY`, …) in the page's address, or undefined. */
export function idInAddress(page, kind) {
  return new RegExp(`/(${kind}-\\d{3,})$`).exec(new URL(page.url()).pathname)?.[1];
}

/** Waits until the page's address ends with an id of this kind, and returns it. */
export async function awaitId(page, kind) {
  await page.waitForURL(() => idInAddress(page, kind) !== undefined);
  return idInAddress(page, kind);
}

/** The addresses of the first rows of the list on the page, such as `/payments/PAY-012`. */
export function rowLinks(page, folder, kind) {
  return page.getByRole('main').locator(`a[href*="${folder}/${kind}-"]`).evaluateAll(
    (links) => links.map((link) => new URL(link.href).pathname),
  );
}
