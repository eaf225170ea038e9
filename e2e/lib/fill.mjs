// Fills the demo's database once; the server of every test file then begins with a copy of it.
// `node lib/fill.mjs` before the tests; without it each server fills a database of its own.
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';

import { dropFilled, keepFilled, makeDatabase } from './database.mjs';
import { launch, stopServer } from './server.mjs';
import { out } from './settings.mjs';

const NAME = 'filled';

await dropFilled();
const folder = path.join(out, NAME);
await rm(folder, { recursive: true, force: true });
await mkdir(folder);
const database = await makeDatabase(NAME, folder);
const log = path.join(out, `${NAME}.log`);
const server = { name: NAME, settings: [], folder, database, log, url: '', text: '', child: undefined };
await launch(server);
await stopServer(server);
keepFilled(database, folder);
