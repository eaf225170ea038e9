// Starts the built binary in a folder and on a database of its own, and stops it.
import { execFile, spawn } from 'node:child_process';
import { appendFileSync, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { copyDatabase } from './database.mjs';
import { eventually } from './eventually.mjs';
import { binary, out } from './settings.mjs';

const run = promisify(execFile);
const START_MS_MAX = 170_000;
const READY_MS_MAX = 2_000;
const STOP_MS_MAX = 15_000;
const COMMAND_MS_MAX = 60_000;

/**
 * A running `almoner demo`.
 *
 * `name` names its log; `settings` are more flags. Its output is kept whole, and searched for patient
 * data after the run.
 */
export async function startServer(name, settings = []) {
  const folder = await mkdtemp(path.join(os.tmpdir(), `almoner-e2e-${name}-`));
  const database = await copyDatabase(name, folder);
  const log = path.join(out, `${name}.log`);
  const server = { name, settings, folder, database, log, url: '', text: '', child: undefined };
  try {
    await launch(server);
  } catch (error) {
    await remove(server);
    throw error;
  }
  return server;
}

/** Starts (again) the binary of a server that is stopped, on the same database. */
export async function launch(server) {
  const listen = ['--listen', '127.0.0.1:0', '--metrics-listen', '127.0.0.1:0'];
  const words = ['demo', ...listen, '--database', server.database.url, ...server.settings];
  const child = spawn(binary, words, {
    cwd: server.folder,
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  server.child = child;
  server.text = '';
  server.ended = new Promise((resolve, reject) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', (error) => reject(new Error(`cannot start ${binary}: ${error.message}`)));
  });
  // Whoever stops the server hears of it; nobody else must.
  server.ended.catch(() => {});
  const file = createWriteStream(server.log, { flags: 'a' });
  for (const stream of [child.stdout, child.stderr]) {
    stream.pipe(file, { end: false });
    stream.on('data', (data) => { server.text += data; });
  }
  process.once('exit', () => child.kill('SIGKILL'));
  await ready(server);
}

/** Stops the server as an operator would, and fails unless it ends by itself with 0. */
export async function stopServer(server) {
  await keepMetrics(server);
  server.child.kill('SIGTERM');
  const late = setTimeout(() => server.child.kill('SIGKILL'), STOP_MS_MAX);
  const { code, signal } = await server.ended;
  clearTimeout(late);
  if (code !== 0) {
    throw new Error(`the server ended with ${signal ?? code} when asked to stop\n${tail(server)}`);
  }
}

/** Keeps what the server tells as metrics, to be searched for patient data like its log. */
async function keepMetrics(server) {
  const [, address] = /Metrics are at (http:\S+)/.exec(server.text);
  const told = await fetch(address);
  appendFileSync(path.join(out, `${server.name}-metrics.log`), await told.text());
}

/** Runs another command of the binary on the server's database, as an operator would beside it. */
export async function command(server, words, input = '') {
  const options = { cwd: server.folder, env: environment(), timeout: COMMAND_MS_MAX };
  const running = run(binary, [...words, '--database', server.database.url], options);
  running.child.stdin.end(input);
  try {
    const { stdout, stderr } = await running;
    appendFileSync(server.log, stdout + stderr);
  } catch (error) {
    throw new Error(`almoner ${words[0]} failed: ${error.stdout ?? ''}${error.stderr ?? error}`);
  }
}

/** Runs `almoner verify` on the server's database; fails when it finds a difference. */
export async function verify(server) {
  await command(server, ['verify']);
}

/** Stops the server, verifies what it leaves, and removes it. */
export async function finish(server) {
  try {
    await stopServer(server);
    await verify(server);
  } finally {
    await remove(server);
  }
}

/** Ends a server, if it still runs, and takes away all that it had. */
async function remove(server) {
  server.child.kill('SIGKILL');
  await server.ended.catch(() => {});
  await server.database.drop();
  await rm(server.folder, { recursive: true, force: true });
}

/** The environment without our own variables, which are no settings of the binary's. */
function environment() {
  const ours = ([key]) => key.startsWith('ALMONER_');
  const rest = Object.fromEntries(Object.entries(process.env).filter((entry) => !ours(entry)));
  return { ...rest, ALMONER_LOG: 'debug' };
}

async function ready(server) {
  let ended;
  server.ended.then((how) => { ended = how; }, (error) => { ended = error; });
  await eventually('the server prints its address', START_MS_MAX, () => {
    if (ended) throw new Error(`the server ended before it was ready\n${tail(server)}`);
    server.url = /http:\/\/127\.0\.0\.1:\d+/.exec(server.text)?.[0] ?? '';
    return server.url !== '';
  });
  await eventually('/readyz answers 200', START_MS_MAX, async () => {
    if (ended) throw new Error(`the server ended before it was ready\n${tail(server)}`);
    const answer = await fetch(`${server.url}/readyz`, { signal: AbortSignal.timeout(READY_MS_MAX) })
      .catch(() => undefined);
    return answer?.status === 200;
  });
}

function tail(server) {
  return server.text.split('\n').slice(-40).join('\n');
}
