// What a file of tests has in common: a server and a browser from its first test to its last, and
// for each test the pages that it opens.
import { after, before, test } from 'node:test';

import { closePage, openBrowser, openPage, shot } from './browser.mjs';
import { finish, startServer } from './server.mjs';
import { LIMIT } from './settings.mjs';
import { startSink } from './sink.mjs';
import { signIn } from './staff.mjs';

const TEXT_CHARS_MAX = 2000;
const NAME_CHARS_MAX = 80;

/**
 * Sets up a file's tests.
 *
 * Before the first of them a server starts, on a database of its own; `name` names its log. Then
 * `prepare` may find or make what the tests need. After the last the server must end by itself and
 * `almoner verify` find nothing. With `mail`, the server has a mail server, `stage.sink`; `settings`
 * are more words for its command line. `launch` starts another browser than Chromium.
 */
export function setStage(name, { mail = false, settings = [], launch = openBrowser, prepare } = {}) {
  const stage = new Stage(name);
  before(async () => {
    if (mail) stage.sink = await startSink();
    stage.server = await startServer(name, [...stage.sink?.settings ?? [], ...settings]);
    stage.browser = await launch();
    await prepare?.(stage);
    await stage.clear();
  }, LIMIT);
  after(async () => {
    await stage.browser?.close();
    if (stage.server) await finish(stage.server);
    await stage.sink?.close();
  }, LIMIT);
  return stage;
}

class Stage {
  server;
  browser;
  sink;
  #name;
  #states = {};
  #pages = [];

  constructor(name) {
    this.#name = name;
  }

  /**
   * A test on a page. `as` is the role that is signed in on it (nobody, when it is left out); the
   * rest of `options` is the page's, as for `openPage`. When the test is over, all pages that were
   * opened in it are closed, and fail it when anything went wrong in one. A test that fails leaves
   * a picture of each.
   */
  test(what, options, part) {
    test(what, LIMIT, async (t) => {
      try {
        await part(await this.open(options), t);
      } catch (error) {
        await this.#depict(what, t);
        await this.clear().catch((also) => t.diagnostic(also.message));
        throw error;
      }
      await this.clear();
    });
  }

  /** One more page, until the test is over. */
  async open({ as, ...options } = {}) {
    const state = as && await this.state(as);
    const page = await openPage(this.browser, this.server, { state, ...options });
    this.#pages.push(page);
    return page;
  }

  /** The cookies of somebody in this role, who signs in when first asked for. */
  async state(role) {
    if (!this.#states[role]) {
      const page = await openPage(this.browser, this.server);
      this.#states[role] = await signIn(page, role);
      await closePage(page);
    }
    return this.#states[role];
  }

  /** Closes the pages that are open; fails when anything went wrong in one. */
  async clear() {
    const closed = await Promise.allSettled(this.#pages.splice(0).map(closePage));
    const failed = closed.filter(({ reason }) => reason).map(({ reason }) => reason.message);
    if (failed.length > 0) throw new Error(failed.join('\n'));
  }

  async #depict(what, t) {
    for (const [number, page] of this.#pages.entries()) {
      const words = `failed-${this.#name}-${what}`.replaceAll(/\W+/g, '-').slice(0, NAME_CHARS_MAX);
      const picture = number === 0 ? words : `${words}-${number + 1}`;
      const text = await page.getByRole('main').innerText().catch(() => '(no main region)');
      await shot(page, picture).catch(() => {});
      t.diagnostic(`${picture}.png shows ${page.url()}:\n${text.slice(0, TEXT_CHARS_MAX)}`);
    }
  }
}
