/** Networks as an allow list names them (`192.0.2.0/24`, `2001:db8::/32`, single addresses), and who is in them. */
export interface Network {
  bits: 32 | 128;
  /** The first address as a number. */
  start: bigint;
  prefix: number;
}

const MAPPED = 0xffffn << 32n;

export function address(text: string): { bits: 32 | 128; value: bigint } | null {
  const four = v4(text);
  if (four !== null) return { bits: 32, value: four };
  const six = v6(text);
  if (six === null) return null;
  // A dual-stack listener sees IPv4 clients as ::ffff:192.0.2.1.
  return six >> 32n === MAPPED >> 32n ? { bits: 32, value: six & 0xffffffffn } : { bits: 128, value: six };
}

export function network(text: string): Network | null {
  const [host = "", length, ...rest] = text.trim().split("/");
  const four = v4(host);
  const value = four ?? v6(host);
  if (value === null || rest.length > 0) return null;
  const bits = four === null ? 128 : 32;
  if (length !== undefined && !/^\d{1,3}$/.test(length)) return null;
  const prefix = length === undefined ? bits : Number(length);
  return prefix <= bits ? { bits, start: value, prefix } : null;
}

/** What is wrong with one line of an allow list; null when nothing is. */
export function networkProblem(text: string): string | null {
  const found = network(text);
  if (!found) return `“${text.trim()}” is not a network. Use 192.0.2.0/24, 2001:db8::/32 or a single address.`;
  const inside = BigInt(found.bits - found.prefix);
  return (found.start >> inside) << inside === found.start
    ? null
    : `“${text.trim()}” names an address inside a network. Set the part after the first ${found.prefix} bits to zero.`;
}

/** Whether somebody at this address may come in. An empty list lets everybody in. */
export function admits(lines: readonly string[], from: string): boolean {
  if (lines.length === 0) return true;
  const caller = address(from);
  if (!caller) return false;
  return lines.some((line) => {
    const found = network(line);
    if (found?.bits !== caller.bits) return false;
    const inside = BigInt(found.bits - found.prefix);
    return found.start >> inside === caller.value >> inside;
  });
}

function v4(text: string): bigint | null {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)) return null;
  return parts.reduce((value, part) => (value << 8n) | BigInt(part), 0n);
}

function v6(text: string): bigint | null {
  const [head = "", tail, ...rest] = text.split("::");
  if (rest.length > 0) return null;
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  if (!before || !after) return null;
  const missing = 8 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  const all = [...before, ...Array<number>(missing).fill(0), ...after];
  return all.reduce((value, group) => (value << 16n) | BigInt(group), 0n);
}

function groups(text: string): number[] | null {
  if (text === "") return [];
  const found: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    const four = index === parts.length - 1 ? v4(part) : null;
    if (four !== null) found.push(Number(four >> 16n), Number(four & 0xffffn));
    else if (/^[0-9a-f]{1,4}$/i.test(part)) found.push(parseInt(part, 16));
    else return null;
  }
  return found;
}
