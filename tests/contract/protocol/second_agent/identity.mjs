// Who this agent is, on disk: docs/protocol.md §5 and the files of §12.

import { keyOf, newSeed, post, publicText, rotatedKeyId, rotationProof } from './control.mjs';
import { point, read, remove, write } from './disk.mjs';

export class Identity {
  constructor(folder) {
    this.folder = folder;
    this.load();
  }

  load() {
    this.enrolment = read(this.folder, 'enrolment');
    this.present = read(this.folder, 'key');
    this.second = read(this.folder, 'second-key');
  }

  get url() {
    return this.enrolment.url;
  }
  get authority() {
    return this.enrolment.authority;
  }
  get keyId() {
    return this.present.id ?? this.enrolment.key_id;
  }
  get key() {
    return keyOf(Buffer.from(this.present.seed, 'hex'));
  }

  async enroll(url, token, backend) {
    if (!this.present) write(this.folder, 'key', { seed: newSeed().toString('hex') });
    this.load();
    const answer = await post(`${url}/agent/v1/enroll`, JSON.stringify({
      token,
      public_key: publicText(this.key),
      backend,
      agent_version: 'second/1',
      protocol_version: 1,
      takeover: process.env.SECOND_AGENT_TAKEOVER === 'yes',
    }));
    point('enrolled');
    write(this.folder, 'enrolment', { url, ...answer });
    this.load();
  }

  /** Rotates to the second key, which is made unless it is there. */
  async rotate(control, epoch) {
    this.rotating = true;
    if (!this.second) write(this.folder, 'second-key', { seed: newSeed().toString('hex') });
    this.load();
    point('key-on-disk');
    const fresh = keyOf(Buffer.from(this.second.seed, 'hex'));
    const public_key = publicText(fresh);
    const proof = rotationProof(fresh, this.keyId, public_key);
    const answer = await control.call('/agent/v1/keys', { epoch, public_key, proof });
    point('key-answered');
    this.adopt(answer.key_id);
    return answer;
  }

  /** The second key under the id that follows from it; null if there is none. */
  get spare() {
    if (!this.second) return null;
    const key = keyOf(Buffer.from(this.second.seed, 'hex'));
    return { key, keyId: rotatedKeyId(publicText(key)) };
  }

  adopt(id) {
    if (!this.second) return; // another call was quicker
    write(this.folder, 'key', { seed: this.second.seed, id });
    remove(this.folder, 'second-key');
    this.load();
  }
}
