// Small files that are whole or not there, and places where a test lets this process die.

import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, readdirSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export function write(folder, name, value) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const partial = join(folder, `${name}.new`);
  const file = openSync(partial, 'w', 0o600);
  writeSync(file, JSON.stringify(value));
  fsyncSync(file);
  closeSync(file);
  renameSync(partial, join(folder, `${name}.json`));
  const around = openSync(folder, 'r');
  fsyncSync(around);
  closeSync(around);
}

export function read(folder, name) {
  try {
    return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}

export function remove(folder, name) {
  rmSync(join(folder, `${name}.json`), { force: true });
}

/** Names, in order. */
export function list(folder) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return readdirSync(folder).filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -5)).sort();
}

/** Dies here, as by `kill -9`, if that is what the test asked for. */
export function point(name) {
  if (name && process.env.SECOND_AGENT_DIES_AT === name) process.kill(process.pid, 'SIGKILL');
}

/** A line for the test. */
export function tell(event, facts = {}) {
  writeSync(1, `${JSON.stringify({ event, ...facts })}\n`);
}
