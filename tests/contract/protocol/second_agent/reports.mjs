// The outbox: docs/protocol.md §9.

import { join } from 'node:path';
import { Refusal } from './control.mjs';
import { list, point, read, remove, tell, write } from './disk.mjs';
import { pauses, sleep } from './time.mjs';

export class Outbox {
  /** `refused` is called with each report that was refused for good. */
  constructor(folder, control, boot, refused) {
    this.folder = join(folder, 'outbox');
    this.control = control;
    this.boot = boot;
    this.refused = refused;
    this.lanes = new Map();
    this.sending = new Set();
    this.underWay = new Map();
    this.counter = 0;
    this.waiting = [];
    this.file = 0;
    for (const name of list(this.folder)) {
      this.file = Number(name) + 1;
      this.push({ ...read(this.folder, name), name });
    }
  }

  /** A result or an ending: on disk before it is sent. */
  add(report) {
    const name = String(this.file++).padStart(20, '0');
    write(this.folder, name, report);
    point('result-on-disk');
    this.dropProgress(report.session_id);
    this.push({ ...report, name });
  }

  /** Only the newest unsent one of a session is kept. */
  progress(report) {
    this.dropProgress(report.session_id);
    this.push(report);
  }

  hasResult(commandId) {
    return [...this.lanes.values()].flat().some((each) => each.command_id === commandId);
  }

  /** Until nothing lasting of the session is on its way. */
  async untilTold(session) {
    while ((this.lanes.get(session) ?? []).some((each) => each.name)) {
      await new Promise((resolve) => this.waiting.push(resolve));
    }
  }

  get size() {
    return [...this.lanes.values()].flat().length;
  }

  /** Begins to send what is there; called once the epoch is known, and with each report after that. */
  flush() {
    if (this.boot.epoch === undefined) return;
    for (const session of this.lanes.keys()) {
      if (!this.sending.has(session)) {
        this.sending.add(session);
        this.sendAll(session).catch(this.boot.fatal);
      }
    }
  }

  push(report) {
    const lane = this.lanes.get(report.session_id) ?? [];
    this.lanes.set(report.session_id, [...lane, { ...report, count: ++this.counter }]);
    this.flush();
  }

  dropProgress(session) {
    const lane = this.lanes.get(session) ?? [];
    this.keep(session, lane.filter((each) => each.name || each === this.underWay.get(session)));
  }

  keep(session, lane) {
    if (lane.length) this.lanes.set(session, lane);
    else this.lanes.delete(session);
  }

  async sendAll(session) {
    const pause = pauses();
    while (this.lanes.get(session)?.length) {
      const [report] = this.lanes.get(session);
      this.underWay.set(session, report);
      try {
        await this.send(report);
        pause.reset();
        point(report.outcome && 'result-accepted');
      } catch (refusal) {
        if (!(refusal instanceof Refusal) || refusal.kind === 'fatal') throw refusal;
        if (refusal.kind !== 'final') {
          this.underWay.delete(session);
          await sleep(refusal.retryAfter ?? pause.next());
          continue;
        }
        tell('report refused', { session, code: refusal.code });
        this.refused(report, refusal);
      }
      this.underWay.delete(session);
      this.keep(session, (this.lanes.get(session) ?? []).filter((each) => each !== report));
      if (report.name) remove(this.folder, report.name);
      this.waiting.splice(0).forEach((resolve) => resolve());
    }
    this.sending.delete(session);
  }

  async send({ session_id, command_id, fence, outcome, reason, stage, progress, ended, count }) {
    const { epoch } = this.boot;
    const head = { epoch, fence, sequence: epoch * 10 ** 9 + count };
    if (outcome) await this.control.call(`/agent/v1/commands/${command_id}/result`, { ...head, outcome, reason });
    else await this.control.call(`/agent/v1/sessions/${session_id}/status`, { ...head, stage, progress, ended });
  }
}
