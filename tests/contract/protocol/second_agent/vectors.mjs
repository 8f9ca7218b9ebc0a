// Reproduces every signature of docs/protocol/v1/signatures.json; prints what differs, and how many it has made.

import { readFileSync } from 'node:fs';
import { keyOf, publicText, rotatedKeyId, rotationProof, signed } from './control.mjs';

const vectors = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const seed = (hex) => keyOf(Buffer.from(hex, 'hex'));
const wrong = [];
const same = (name, mine, theirs) => JSON.stringify(mine) === JSON.stringify(theirs) || wrong.push(name);

for (const { name, authority, request, signature_base } of vectors.good) {
  const [, created, nonce] = request.headers['Signature-Input'].match(/created=(\d+);.*nonce="([^"]+)"/);
  const { method, path } = request;
  const body = Buffer.from(request.body, 'utf8');
  const keyId = vectors.key.key_id;
  const made = signed({ method, path, authority, body, key: seed(vectors.key.seed), keyId, created, nonce });
  same(`${name}: base`, made.base, signature_base);
  same(`${name}: headers`, made.headers, request.headers);
}
const { key_id, new_seed, public_key, proof, new_key_id } = vectors.key_rotation;
same('public key', publicText(seed(vectors.key.seed)), vectors.key.public_key);
same('new public key', publicText(seed(new_seed)), public_key);
same('proof', rotationProof(seed(new_seed), key_id, public_key), proof);
same('derived key id', rotatedKeyId(public_key), new_key_id);
console.log(JSON.stringify({ made: vectors.good.length, wrong }));
