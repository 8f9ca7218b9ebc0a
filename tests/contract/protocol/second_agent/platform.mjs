// A platform of files, so that it outlives the agent: one for each instance and each home (docs/protocol.md §8).
//
// The folder is also how a test takes part: while `hold` exists a start does not come on, and an instance that says
// `"ended": {…}` has ended by itself.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { list, read, remove, write } from './disk.mjs';

const GIB = 2 ** 30;
export class Superseded extends Error {}

export class Platform {
  constructor(folder, controller) {
    this.folder = folder;
    this.controller = controller;
    this.places = { instances: join(folder, 'instances'), homes: join(folder, 'homes') };
  }

  capacity() {
    return { cpu_millis: 64_000, memory_bytes: 256 * GIB };
  }

  /** Everything with our own label; what others made is not ours to see. */
  instances() {
    return list(this.places.instances)
      .map((name) => ({ name, ...read(this.places.instances, name) }))
      .filter((each) => each.labels?.controller === this.controller);
  }

  homes() {
    return list(this.places.homes).filter((name) => read(this.places.homes, name).controller === this.controller);
  }

  /** `step` is awaited before each step and throws to stop; an error that is `late` forbids to clean up. */
  async start(spec, step) {
    const own = this.instances().filter((each) => each.labels.session === spec.session_id);
    if (own.some((each) => each.labels.incarnation > spec.incarnation)) throw new Superseded();
    for (const older of own.filter((each) => each.labels.incarnation < spec.incarnation)) {
      remove(this.places.instances, older.name);
    }
    const there = own.find((each) => each.labels.incarnation === spec.incarnation);
    const ran = there?.state === 'running';
    const name = `${spec.session_id}.${spec.incarnation}`;
    try {
      if (!ran) {
        await step('pulling', { done: GIB / 4, total: GIB });
        await step('creating');
        if (spec.persistent_home) write(this.places.homes, spec.session_id, { controller: this.controller });
        const labels = {
          controller: this.controller,
          tenant: spec.tenant_id,
          session: spec.session_id,
          incarnation: spec.incarnation,
        };
        write(this.places.instances, name, { labels, state: 'running', resources: spec.resources });
      }
      while (existsSync(join(this.folder, 'hold'))) {
        await step('connecting');
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await step('connecting');
    } catch (error) {
      if (!ran && !error.late) remove(this.places.instances, name);
      throw error;
    }
  }

  stop(session) {
    for (const { name, ...each } of this.instances().filter((one) => one.labels.session === session)) {
      write(this.places.instances, name, { ...each, state: 'stopped', ended: undefined });
    }
  }

  remove(session, deleteHome, upTo = Infinity) {
    for (const each of this.instances()) {
      if (each.labels.session === session && each.labels.incarnation <= upTo) remove(this.places.instances, each.name);
    }
    if (deleteHome && this.homes().includes(session)) remove(this.places.homes, session);
  }
}
