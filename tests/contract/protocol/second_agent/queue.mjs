// SQS by hand: docs/protocol.md §7.

import { createHash, createHmac } from 'node:crypto';

const EXPIRED = new Set(
  ('AccessDenied AccessDeniedException ExpiredToken ExpiredTokenException InvalidClientTokenId InvalidSecurity ' +
    'SignatureDoesNotMatch UnrecognizedClientException QueueDoesNotExist AWS.SimpleQueueService.NonExistentQueue').split(' '),
);
const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const hmac = (key, text) => createHmac('sha256', key).update(text).digest();

export class QueueFailure extends Error {
  constructor(status, code, detail) {
    super(`${status} ${code} ${detail}`);
    this.expired = status === 403 || EXPIRED.has(code);
  }
}

/** AWS Signature Version 4 of one call with temporary credentials. */
function authorized(access, url, headers, body, moment) {
  const day = moment.slice(0, 8);
  const names = Object.keys(headers).sort();
  const canonical = [
    'POST',
    url.pathname,
    '',
    ...names.map((name) => `${name}:${headers[name]}`),
    '',
    names.join(';'),
    sha256(body),
  ].join('\n');
  const scope = `${day}/${access.region}/sqs/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', moment, scope, sha256(canonical)].join('\n');
  const key = [day, access.region, 'sqs', 'aws4_request'].reduce(hmac, `AWS4${access.secret_access_key}`);
  const signature = createHmac('sha256', key).update(text).digest('hex');
  return `AWS4-HMAC-SHA256 Credential=${access.access_key_id}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
}

async function call(access, action, parameters, seconds, now) {
  const endpoint = access.endpoint_url ?? `https://sqs.${access.region}.amazonaws.com`;
  const url = new URL(`${endpoint.replace(/\/$/, '')}/`);
  const body = JSON.stringify({ QueueUrl: access.queue_url, ...parameters });
  const moment = new Date(now).toISOString().replace(/[-:]|\.\d+/g, '');
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    host: url.host,
    'x-amz-date': moment,
    'x-amz-security-token': access.session_token,
    'x-amz-target': `AmazonSQS.${action}`,
  };
  const authorization = authorized(access, url, headers, body, moment);
  const { host, ...sent } = headers;
  let answer, text;
  try {
    const signal = AbortSignal.timeout((seconds + 10) * 1000);
    answer = await fetch(url, { method: 'POST', body, headers: { ...sent, authorization }, signal });
    text = await answer.text();
  } catch (error) {
    throw new QueueFailure(0, '', String(error.cause ?? error));
  }
  const parsed = text ? JSON.parse(text) : {};
  if (answer.ok) return parsed;
  throw new QueueFailure(answer.status, String(parsed.__type ?? '').split('#').pop(), parsed.message ?? text);
}

/** `access` gives the newest credentials, `now` the corrected time in milliseconds. */
export class Queue {
  constructor(access, now) {
    this.access = access;
    this.now = now;
  }

  async receive(most, wait, visibility) {
    const answer = await call(
      this.access(),
      'ReceiveMessage',
      {
        MaxNumberOfMessages: Math.min(10, most),
        WaitTimeSeconds: Math.min(20, Math.round(wait)),
        VisibilityTimeout: Math.max(1, Math.round(visibility)),
      },
      wait,
      this.now(),
    );
    return answer.Messages ?? [];
  }

  async remove(message) {
    await call(this.access(), 'DeleteMessage', { ReceiptHandle: message.ReceiptHandle }, 5, this.now());
  }

  async release(message, seconds) {
    const parameters = { ReceiptHandle: message.ReceiptHandle, VisibilityTimeout: Math.round(seconds) };
    await call(this.access(), 'ChangeMessageVisibility', parameters, 5, this.now());
  }
}
