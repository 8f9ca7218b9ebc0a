// A second agent, written from docs/protocol.md alone. `node agent.mjs STATE PLATFORM`, with SECOND_AGENT_URL and
// SECOND_AGENT_TOKEN at its first start. Says what it does in JSON lines; SIGUSR2 makes it rotate its key, SIGTERM stops it.

import { randomUUID } from 'node:crypto';
import { Commands } from './commands.mjs';
import { Control, Refusal } from './control.mjs';
import { list, read, remove, tell, write } from './disk.mjs';
import { Identity } from './identity.mjs';
import { Platform } from './platform.mjs';
import { Queue } from './queue.mjs';
import { Outbox } from './reports.mjs';
import { HASTE, Wake, monotonic, pauses, sleep } from './time.mjs';
import { join } from 'node:path';

const ID = /^[a-z]{3}-[0-9a-hjkmnp-tv-z]{26}$/;
const VERSIONS = { protocol_version: 1, agent_version: 'second/1' };
const [state, world] = process.argv.slice(2);
const soon = { access: new Wake(), heartbeat: new Wake(), inventory: new Wake() };
const ok = { state: 'ok' };
let polling = ok;

/** One thing at a time for each session. */
const lanes = {
  last: new Map(),
  hold(session, work) {
    const before = this.last.get(session) ?? Promise.resolve();
    const mine = before.then(work, work);
    const settled = mine.then(() => {}, () => {});
    this.last.set(session, settled);
    settled.then(() => this.last.get(session) === settled && this.last.delete(session));
    return mine;
  },
  busy(session) {
    return this.last.has(session);
  },
};

const fences = {
  folder: join(state, 'fences'),
  get: (session) => read(fences.folder, session)?.fence,
  all: () => Object.fromEntries(list(fences.folder).map((session) => [session, fences.get(session)])),
  raise(session, fence) {
    if (fence > (fences.get(session) ?? -1)) write(fences.folder, session, { fence });
  },
  forget: (session) => remove(fences.folder, session),
};

function fatal(error) {
  tell('fatal', { code: error.code ?? '', error: error.message });
  process.exit(error instanceof Refusal && error.kind === 'fatal' ? 3 : 1);
}

const boot = { id: randomUUID(), epoch: undefined, intervals: undefined, queue: undefined, fatal };
const identity = new Identity(join(state, 'identity'));
if (!identity.enrolment) await enroll();
const control = new Control(identity);
control.recovered = () => soon.inventory.now();
const platform = new Platform(world, identity.enrolment.controller_id);
const queue = new Queue(() => boot.queue, () => control.now());
const outbox = new Outbox(state, control, boot, refused);
const commands = new Commands({ folder: state, control, queue, boot, outbox, platform, lanes, fences });
const told = new Map();

await openEpoch();
tell('serving', { controller: identity.enrolment.controller_id, epoch: boot.epoch, key: identity.keyId });
process.on('SIGTERM', () => shutdown().catch(fatal));
process.on('SIGUSR2', () => rotate().catch(fatal));
if (identity.second && !identity.rotating) rotate().catch(fatal);
outbox.flush();
commands.takeOver();
for (const loop of [keepAccess, poll, beat, reconcile, watch]) loop().catch(fatal);

async function enroll() {
  const backend = { platform: 'fake', id: process.env.SECOND_AGENT_BACKEND, name: 'second' };
  try {
    await identity.enroll(process.env.SECOND_AGENT_URL, process.env.SECOND_AGENT_TOKEN, backend);
  } catch (error) {
    fatal(error);
  }
}

async function credentials() {
  const answer = await control.call('/agent/v1/credentials', { boot_id: boot.id, ...VERSIONS });
  if ((answer.protocol_version ?? 1) < 1) throw new Error('the control plane is too old for this agent');
  Object.assign(boot, { epoch: answer.epoch, intervals: answer.intervals, queue: answer.queue });
  if (answer.rotate_key) rotate().catch(fatal);
}

/** Repeats a call until it is answered. A fatal refusal ends it; a final one does where `final` says so. */
async function insist(work, { final = false } = {}) {
  const pause = pauses();
  for (;;) {
    try {
      return await work();
    } catch (refusal) {
      if (!(refusal instanceof Refusal) || refusal.kind === 'fatal') throw refusal;
      if (final && refusal.kind === 'final') throw refusal;
      await sleep(refusal.retryAfter ?? pause.next());
    }
  }
}

async function openEpoch() {
  try {
    await insist(credentials);
  } catch (error) {
    fatal(error);
  }
}

async function rotate() {
  const { key_id } = await insist(() => identity.rotate(control, boot.epoch), { final: true });
  tell('rotated', { key: key_id });
}

async function keepAccess() {
  const pause = pauses();
  for (;;) {
    const left = (Date.parse(boot.queue.expires_at) - control.now()) / 1000;
    const asked = await soon.access.wait(Math.max(left - 600, left / 2));
    await insist(credentials);
    tell('credentials', { queue: boot.queue.queue_url });
    if (asked) await sleep(pause.next());
    else pause.reset();
  }
}

async function poll() {
  const pause = pauses();
  for (;;) {
    if (!control.reachable || commands.room <= 0) {
      await sleep(0.05);
      continue;
    }
    let messages;
    try {
      messages = await queue.receive(commands.room, boot.intervals.poll_wait, boot.intervals.visibility);
    } catch (error) {
      tell('queue refuses', { error: error.message });
      if (error.expired) soon.access.now();
      say({ state: 'failing', reason: { code: 'queue_unreachable', message: error.message } });
      await sleep(pause.next());
      continue;
    }
    say(ok);
    pause.reset();
    for (const message of messages) await handOver(message);
  }
}

function say(health) {
  const changed = polling.state !== health.state;
  polling = health;
  if (changed) soon.heartbeat.now();
}

async function handOver(message) {
  const reference = parse(message.Body);
  const { tenant_id, controller_id } = identity.enrolment;
  const own = reference?.tenant_id === tenant_id && reference?.controller_id === controller_id;
  if (own) {
    commands.accept(message, reference);
    return;
  }
  const problem = reference ? 'foreign' : 'unreadable';
  try {
    const body = message.Body.slice(0, 10_240);
    await control.call('/agent/v1/dead-letters', { epoch: boot.epoch, body, problem });
  } catch (refusal) {
    if (!(refusal instanceof Refusal) || refusal.kind === 'fatal') throw refusal;
    if (refusal.kind !== 'final') return;
  }
  tell('dead letter', { problem });
  commands.aside(queue.remove(message));
}

function parse(body) {
  try {
    const found = JSON.parse(body);
    const ids = [found.tenant_id, found.controller_id, found.command_id, found.session_id];
    return ids.every((id) => ID.test(id)) && Number.isInteger(found.generation) ? found : null;
  } catch {
    return null;
  }
}

async function beat() {
  const pause = pauses();
  for (;;) {
    const running = platform.instances().filter((each) => each.state === 'running');
    const sum = (name) => running.reduce((total, each) => total + each.resources[name], 0);
    try {
      const answer = await control.call('/agent/v1/heartbeat', {
        epoch: boot.epoch,
        ...VERSIONS,
        capacity: platform.capacity(),
        usage: { cpu_millis: sum('cpu_millis'), memory_bytes: sum('memory_bytes') },
        instances: running.length,
        polling,
        platform: ok,
        streaming: { state: 'failing', reason: { code: 'no_gateway', message: 'This agent streams nothing.' } },
        labels: { second: 'yes' },
      });
      boot.intervals = answer.intervals;
      pause.reset();
    } catch (refusal) {
      if (!(refusal instanceof Refusal) || refusal.kind === 'fatal') throw refusal;
      await sleep(refusal.retryAfter ?? pause.next());
      continue;
    }
    await sleep(0.5 / HASTE);
    // While the control plane is unreachable this loop finds out when it is back.
    const until = monotonic() + boot.intervals.heartbeat;
    while (control.reachable && monotonic() < until && !(await soon.heartbeat.wait(1 / HASTE)));
  }
}

async function reconcile() {
  for (;;) {
    const started_at = new Date(control.now()).toISOString();
    const before = fences.all();
    const instances = platform.instances().map(({ labels, state, ended }) => ({
      tenant_id: labels.tenant,
      session_id: labels.session,
      incarnation: labels.incarnation,
      state,
      exit_code: ended ? 1 : null,
    }));
    const { actions } = await insist(() =>
      control.call('/agent/v1/inventory', { epoch: boot.epoch, started_at, instances, homes: platform.homes() }),
    );
    for (const action of actions) await lanes.hold(action.session_id, () => act(action, before[action.session_id]));
    await sleep(5 / HASTE);
    await soon.inventory.wait(boot.intervals.inventory);
  }
}

function act({ remedy, session_id, incarnation, fence, delete_home }, noted) {
  if (fences.get(session_id) !== noted) return;
  if (remedy === 'adopt') {
    fences.raise(session_id, fence);
    if (noted === undefined) tell('adopted', { session: session_id, fence });
  } else {
    platform.remove(session_id, delete_home, incarnation);
    fences.forget(session_id);
    tell('removed', { session: session_id, incarnation });
  }
}

async function watch() {
  for (;;) {
    for (const { labels, ended } of platform.instances()) {
      if (ended && !lanes.busy(labels.session)) tellEnded(labels.session, ended);
      if (!ended) told.delete(labels.session);
    }
    await sleep(5 / HASTE);
  }
}

function tellEnded(session, ended) {
  const fence = fences.get(session) ?? -1;
  if (told.get(session) === fence) return;
  told.set(session, fence);
  if (fence < 0) soon.inventory.now();
  else outbox.add({ session_id: session, fence, ended });
}

/** A report was refused for good: that stops the work it was about, and nothing more. */
function refused(report, { code }) {
  if (code === 'stale_fence') {
    commands.giveUp(report.session_id, report.fence, 'stale');
    if (fences.get(report.session_id) === report.fence) fences.forget(report.session_id);
  } else if (code === 'command_superseded') commands.giveUp(report.session_id, report.fence, 'superseded');
}

async function shutdown() {
  await commands.stop(20 / HASTE);
  const until = monotonic() + 5 / HASTE;
  while (outbox.size && control.reachable && monotonic() < until) await sleep(0.02);
  tell('stopped', { left: outbox.size });
  process.exit(0);
}
