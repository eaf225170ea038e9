// The databases of the servers under test: empty ones, and copies of one that is filled.
import { execFile } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { copyFile, cp } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

import { binary, engine, out, postgresUrl, psql } from './settings.mjs';

const run = promisify(execFile);
/** Says which database is filled, and by what. */
const NOTE = path.join(out, 'filled.json');

/** An empty database in a folder, or beside it on PostgreSQL. */
export async function makeDatabase(name, folder) {
  return engine === 'sqlite' ? file(folder) : create(name);
}

/** A database as the demo begins with it: a copy of the filled one, when there is one. */
export async function copyDatabase(name, folder) {
  const filled = readNote();
  if (filled?.by !== fingerprint()) return makeDatabase(name, folder);
  // The documents lie beside an embedded database, else in the folder of the data.
  const documents = engine === 'sqlite' ? 'almoner-files' : path.join('almoner-data', 'almoner-files');
  await cp(path.join(filled.folder, documents), path.join(folder, documents), { recursive: true });
  if (engine === 'postgres') return create(name, `TEMPLATE ${filled.name}`);
  const copy = file(folder);
  await copyFile(filled.name, copy.name);
  return copy;
}

/** Notes that a database is filled, and complete, with its documents in that folder. */
export function keepFilled({ name }, folder) {
  writeFileSync(NOTE, JSON.stringify({ name, folder, by: fingerprint() }));
}

/** Drops the one that an earlier run left. */
export async function dropFilled() {
  const left = readNote();
  if (left && engine === 'postgres') await drop(left.name);
}

function file(folder) {
  const name = path.join(folder, 'almoner.db');
  return { name, url: `sqlite://${name}`, drop: async () => {} };
}

async function create(name, template = '') {
  if (!postgresUrl) throw new Error('ALMONER_TEST_POSTGRES is not set');
  const database = `e2e_${name.replaceAll(/\W/g, '_')}_${process.pid}`;
  await sql(`CREATE DATABASE ${database} ${template}`);
  const url = new URL(postgresUrl);
  url.pathname = `/${database}`;
  return { name: database, url: url.href, drop: () => drop(database) };
}

function drop(database) {
  return sql(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
}

function sql(text) {
  return run(psql, ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-c', text, postgresUrl]);
}

function readNote() {
  try {
    return JSON.parse(readFileSync(NOTE, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The demo's days count from today, and another binary may fill in something else. */
function fingerprint() {
  const { size, mtimeMs } = statSync(binary);
  return [engine, size, mtimeMs, new Date().toDateString()].join(' ');
}
