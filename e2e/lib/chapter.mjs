// A long test told in chapters: the name of the one that failed, and a picture of it.
import { shot } from './browser.mjs';

/** Makes a function that runs one named part of a test on a page. */
export function chapters(t, page) {
  return async (name, part) => {
    try {
      return await part();
    } catch (error) {
      const picture = `failed-${name.replaceAll(/\W+/g, '-')}`;
      const text = await page.getByRole('main').innerText().catch(() => '(no main region)');
      await shot(page, picture).catch(() => {});
      t.diagnostic(`failed in: ${name}, at ${page.url()} (picture ${picture}.png)`);
      t.diagnostic(text.slice(0, 2000));
      throw error;
    }
  };
}
