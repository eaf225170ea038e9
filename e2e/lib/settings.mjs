// What the tests are told by their environment; `cargo xtask test` sets all of it.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const env = process.env;

/** The folder of these tests. */
export const home = path.dirname(here);
/** The binary under test. */
export const binary = env.ALMONER_BIN ?? path.join(home, '../target/debug/almoner');
/** The browser to test with. */
export const chromium = env.ALMONER_CHROMIUM ?? '/usr/bin/chromium';
/** The other browser, in which the main story is told once more. */
export const firefox = env.ALMONER_FIREFOX ?? '/usr/bin/firefox-esr';
/** `sqlite` or `postgres`. */
export const engine = env.ALMONER_E2E_ENGINE ?? 'sqlite';
/** The maintenance database of the PostgreSQL server, when the engine is that. */
export const postgresUrl = env.ALMONER_TEST_POSTGRES;
/** The client that makes databases on it. */
export const psql = env.ALMONER_PSQL ?? 'psql';
/** Where logs and addresses are left for the search after the run. */
export const out = env.ALMONER_E2E_OUT ?? path.join(home, 'out', engine);
/** Where pictures go; git ignores it. */
export const screenshots = path.join(home, 'screenshots', engine);
/** Whether a picture of every page is kept, for people to look at; no test does. */
export const takesPictures = env.ALMONER_E2E_PICTURES === '1';
/** Whether the pictures in the documents are to be taken anew. */
export const updateScreenshots = env.ALMONER_UPDATE_SCREENSHOTS === '1';
/** No test and no preparation may take longer; most take a few seconds. */
export const LIMIT = { timeout: 300_000 };

mkdirSync(out, { recursive: true });
mkdirSync(screenshots, { recursive: true });
