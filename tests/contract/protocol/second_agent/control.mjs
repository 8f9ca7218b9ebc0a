// The signed calls: docs/protocol.md §2 to §4, and the keys of §12.

import { createHash, createPrivateKey, createPublicKey, randomBytes, sign } from 'node:crypto';
import { wall } from './time.mjs';

const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const COMPONENTS = '("@method" "@path" "@authority" "content-digest")';
const FATAL = new Set(['agent_revoked', 'epoch_superseded', 'protocol_unsupported']);
const LATER = new Set([423, 425, 429]);
const UNREACHABLE = new Set([502, 503, 504]);
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

export const newSeed = () => randomBytes(32);
export const keyOf = (seed) =>
  createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
export const publicText = (key) => createPublicKey(key).export({ format: 'jwk' }).x;

/** The id that a key gets by rotation: the first 130 bits of its SHA-256, five bits a character. */
export function rotatedKeyId(publicKey) {
  const digest = createHash('sha256').update(Buffer.from(publicKey, 'base64url')).digest('hex');
  const number = BigInt(`0x${digest}`) >> 126n;
  const digits = Array.from({ length: 26 }, (_, place) => ALPHABET[Number((number >> BigInt(5 * (25 - place))) & 31n)]);
  return `key-${digits.join('')}`;
}

/** What shows that the private half of the new key is here. */
export function rotationProof(newKey, signingKeyId, publicKey) {
  const text = `streamspace-key-rotation\n${signingKeyId}\n${publicKey}`;
  return sign(null, Buffer.from(text, 'ascii'), newKey).toString('base64url');
}

export function signed({ method, path, authority, body, key, keyId, created, nonce }) {
  const digest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
  const parameters =
    `${COMPONENTS};created=${created};keyid="${keyId}";alg="ed25519";nonce="${nonce}";tag="streamspace-agent-v1"`;
  const base = [
    `"@method": ${method}`,
    `"@path": ${path}`,
    `"@authority": ${authority}`,
    `"content-digest": ${digest}`,
    `"@signature-params": ${parameters}`,
  ];
  const signature = sign(null, Buffer.from(base.join('\n'), 'ascii'), key).toString('base64');
  const headers = {
    'Content-Digest': digest,
    'Signature-Input': `sig1=${parameters}`,
    Signature: `sig1=:${signature}:`,
  };
  return { base, headers };
}

export class Refusal extends Error {
  constructor(status, problem, retryAfter) {
    super(`${status} ${problem.code ?? ''} ${problem.detail ?? ''}`);
    this.status = status;
    this.code = problem.code ?? '';
    this.serverTime = problem.server_time;
    this.retryAfter = retryAfter;
    this.kind = kindOf(status, this.code);
  }
}

function kindOf(status, code) {
  if (FATAL.has(code)) return 'fatal';
  if (LATER.has(status)) return 'later';
  if (status === 0 || UNREACHABLE.has(status)) return 'unreachable';
  return status >= 400 && status < 500 ? 'final' : 'fault';
}

/** One POST. Throws Refusal, also when no answer came (status 0) or it cannot be read. */
export async function post(url, body, headers = {}) {
  let answer, text;
  try {
    answer = await fetch(url, {
      method: 'POST',
      body,
      headers: { 'Content-Type': 'application/json', ...headers },
      redirect: 'manual',
      signal: AbortSignal.timeout(20_000),
    });
    text = await answer.text();
  } catch (error) {
    throw new Refusal(0, { detail: String(error.cause ?? error) });
  }
  const parsed = parse(text);
  if (answer.status === 200 && parsed !== null) return parsed;
  const after = Number(answer.headers.get('retry-after') ?? NaN);
  throw new Refusal(answer.status, parsed ?? {}, Number.isFinite(after) ? after : undefined);
}

function parse(text) {
  try {
    const value = JSON.parse(text);
    return value !== null && typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}

/** The control plane. `identity` is what enrolment answered and the keys; see identity.mjs. */
export class Control {
  constructor(identity) {
    this.identity = identity;
    this.offset = 0;
    this.reachable = true;
    this.recovered = () => {};
  }

  /** Milliseconds on the control plane's clock. */
  now() {
    return wall() + this.offset;
  }

  heard(serverTime) {
    if (serverTime) this.offset = Date.parse(serverTime) - wall();
  }

  async call(path, message) {
    const body = Buffer.from(JSON.stringify(message), 'utf8');
    try {
      const answer = await this.send(path, body);
      this.heard(answer.server_time);
      this.answered();
      return answer;
    } catch (error) {
      if (!(error instanceof Refusal) || error.kind === 'unreachable') this.reachable = false;
      else this.answered();
      throw error;
    }
  }

  async send(path, body) {
    try {
      return await this.once(path, body);
    } catch (refusal) {
      if (refusal.code === 'signature_expired') {
        this.heard(refusal.serverTime);
        return await this.once(path, body);
      }
      const spare = this.identity.spare;
      if (refusal.code !== 'agent_revoked' || !spare) throw refusal;
      return await this.bySpare(path, body, spare);
    }
  }

  /** The present key is refused: the second one may have taken its place without our hearing of it. */
  async bySpare(path, body, spare) {
    try {
      const answer = await this.once(path, body, spare);
      this.identity.adopt(spare.keyId);
      return answer;
    } catch (refusal) {
      if (refusal.status && refusal.code !== 'agent_revoked') this.identity.adopt(spare.keyId);
      throw refusal;
    }
  }

  async once(path, body, { keyId, key } = this.identity) {
    const { url, authority } = this.identity;
    const { headers } = signed({
      method: 'POST',
      path,
      authority,
      body,
      key,
      keyId,
      created: Math.floor(this.now() / 1000),
      nonce: randomBytes(16).toString('base64url'),
    });
    return await post(url + path, body, headers);
  }

  answered() {
    if (!this.reachable) {
      this.reachable = true;
      this.recovered();
    }
  }
}
