// From a reference to a result: docs/protocol.md §8.

import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Refusal } from './control.mjs';
import { list, point, read, remove, tell, write } from './disk.mjs';
import { Superseded } from './platform.mjs';
import { HASTE, Wake, monotonic, pauses, sleep } from './time.mjs';

class Stopped extends Error {
  constructor(lease) {
    super(lease.over);
    this.late = lease.why === 'stale' || monotonic() >= lease.until + lease.margin;
  }
}

/** A lease by this machine's monotonic clock. `why` is set when no further step may begin. */
class Lease {
  constructor(askedAt, seconds, margin) {
    this.margin = margin;
    this.until = askedAt + seconds - margin;
    this.why = null;
    this.renewal = new Wake();
  }

  extend(askedAt, seconds) {
    this.until = Math.max(this.until, askedAt + seconds - this.margin);
  }

  giveUp(why) {
    this.why ??= why;
    this.renewal.now();
  }

  get over() {
    return this.why ?? (monotonic() >= this.until ? 'lapsed' : null);
  }
}

export class Commands {
  constructor({ folder, control, queue, boot, outbox, platform, lanes, fences }) {
    Object.assign(this, { control, queue, boot, outbox, platform, lanes, fences });
    this.folder = join(folder, 'claims');
    this.jobs = new Map();
    this.working = new Map();
    this.stopping = false;
  }

  get room() {
    return this.stopping ? 0 : 64 - this.jobs.size;
  }

  /** What an earlier boot had claimed, or meant to. */
  takeOver() {
    for (const commandId of list(this.folder)) {
      const { reference } = read(this.folder, commandId);
      tell('taking over', { command: commandId });
      this.begin(reference, []);
    }
  }

  accept(message, reference) {
    const known = this.jobs.get(reference.command_id);
    if (known) {
      if (known.decided) this.aside(this.queue.remove(message));
      else known.messages.push(message);
      return;
    }
    const work = this.working.get(reference.session_id);
    if (work && work.command.generation < reference.generation) work.lease.renewal.now();
    this.begin(reference, [message]);
  }

  giveUp(session, fence, why) {
    const work = this.working.get(session);
    if (work?.fence === fence) work.lease.giveUp(why);
  }

  async stop(seconds) {
    this.stopping = true;
    for (const job of this.jobs.values()) {
      if (!job.decided) for (const message of job.messages) this.aside(this.queue.release(message, 0));
    }
    const until = monotonic() + seconds;
    while (this.working.size && monotonic() < until) await sleep(0.02);
    for (const { lease } of this.working.values()) lease.giveUp('stopping');
    while (this.working.size && monotonic() < until + seconds / 4) await sleep(0.02);
  }

  begin(reference, messages) {
    const job = { reference, messages, since: monotonic(), decided: false };
    this.jobs.set(reference.command_id, job);
    this.lanes
      .hold(reference.session_id, () => this.handle(job))
      .catch(this.boot.fatal)
      .finally(() => this.jobs.delete(reference.command_id));
  }

  async handle(job) {
    const { command_id, session_id } = job.reference;
    if (this.stopping) return;
    if (this.outbox.hasResult(command_id)) return this.settle(job, 5 / HASTE);
    await this.outbox.untilTold(session_id);
    const claimed = await this.claim(job);
    if (!claimed) return;
    const { command, fence } = claimed.grant;
    tell('claimed', { command: command_id, session: session_id, kind: command.kind, fence });
    point('claimed');
    this.settle(job);
    this.fences.raise(session_id, fence);
    const lease = new Lease(claimed.askedAt, claimed.grant.lease_seconds, this.boot.intervals.lease_margin);
    const work = { command, fence, lease };
    this.working.set(session_id, work);
    const renewing = this.renew(work);
    const [outcome, reason] = await this.carryOut(work);
    point('worked');
    const why = lease.over;
    lease.giveUp('done');
    await renewing;
    if (outcome !== 'cancelled' || why !== 'stale') {
      this.outbox.add({ session_id, command_id, fence, outcome, reason });
      tell('result', { command: command_id, outcome, why });
    }
    this.working.delete(session_id);
    if (command.kind === 'terminate' && outcome === 'succeeded') this.fences.forget(session_id);
    remove(this.folder, command_id);
  }

  /** The grant, or null: the message has been settled, or comes again. */
  async claim(job) {
    const { command_id } = job.reference;
    const claim = read(this.folder, command_id) ?? { reference: job.reference, claim_id: randomUUID() };
    write(this.folder, command_id, claim);
    const pause = pauses();
    while (!this.stopping) {
      const askedAt = monotonic();
      try {
        const path = `/agent/v1/commands/${command_id}/claim`;
        const grant = await this.control.call(path, { epoch: this.boot.epoch, claim_id: claim.claim_id });
        return { grant, askedAt };
      } catch (refusal) {
        if (!(refusal instanceof Refusal) || refusal.kind === 'fatal') throw refusal;
        tell('claim refused', { command: command_id, code: refusal.code });
        if (refusal.kind === 'final' || (refusal.status === 423 && job.messages.length)) {
          this.settle(job, refusal.status === 423 ? (refusal.retryAfter ?? 5) : undefined);
          remove(this.folder, command_id);
          return null;
        }
        const seconds = refusal.retryAfter ?? pause.next();
        const visible = job.since + this.boot.intervals.visibility * 0.8;
        if (job.messages.length && monotonic() + seconds > visible) {
          this.askAgain(job.reference);
          return null;
        }
        await sleep(seconds);
      }
    }
    return null;
  }

  /** The message may go to another agent, who is told that the command is ours. */
  askAgain(reference) {
    setTimeout(() => {
      const wanted = read(this.folder, reference.command_id) && !this.jobs.has(reference.command_id);
      if (wanted && !this.stopping) this.begin(reference, []);
    }, this.boot.intervals.visibility * 2000);
  }

  async renew({ command, fence, lease }) {
    const pause = pauses();
    let wait = this.boot.intervals.renew;
    while (!lease.over) {
      await lease.renewal.wait(Math.min(wait, Math.max(0, lease.until - monotonic())));
      if (lease.over) return;
      const askedAt = monotonic();
      try {
        const path = `/agent/v1/commands/${command.command_id}/renew`;
        const grant = await this.control.call(path, { epoch: this.boot.epoch, fence });
        lease.extend(askedAt, grant.lease_seconds);
        pause.reset();
        wait = this.boot.intervals.renew;
      } catch (refusal) {
        if (!(refusal instanceof Refusal)) throw refusal;
        if (refusal.kind === 'fatal') {
          lease.giveUp('stale');
          this.boot.fatal(refusal);
        } else if (refusal.kind === 'final') {
          tell('renewal refused', { command: command.command_id, code: refusal.code });
          lease.giveUp(refusal.status === 410 ? 'superseded' : 'stale');
        } else wait = refusal.retryAfter ?? pause.next();
      }
    }
  }

  async carryOut({ command, fence, lease }) {
    const { session_id, kind, spec } = command;
    const step = async (stage, progress) => {
      if (lease.over) throw new Stopped(lease);
      if (stage !== step.last) this.outbox.progress({ session_id, fence, stage, progress });
      step.last = stage;
    };
    try {
      if (lease.over) throw new Stopped(lease);
      if (kind === 'hibernate') this.platform.stop(session_id);
      else if (kind === 'terminate') this.platform.remove(session_id, command.delete_home);
      else await this.platform.start(spec, step);
      return ['succeeded'];
    } catch (error) {
      if (error instanceof Stopped) return ['cancelled'];
      const code = error instanceof Superseded ? 'superseded' : 'agent_fault';
      return ['failed', { code, message: String(error.message || 'A newer instance exists.') }];
    }
  }

  settle(job, after) {
    job.decided = true;
    for (const message of job.messages) {
      this.aside(after === undefined ? this.queue.remove(message) : this.queue.release(message, after));
    }
  }

  /** What fails here comes again, and its claim decides again. */
  aside(call) {
    call.catch((error) => tell('not settled', { error: error.message }));
  }
}
