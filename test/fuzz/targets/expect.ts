import { isDeepStrictEqual } from 'node:util';
import { ProtocolError } from '../../../src/errors.js';

export function must(isTrue: boolean, otherwise: string): void {
  if (!isTrue) throw new Error(otherwise);
}

/** As JSON has it: a minus zero is a zero. */
export function mustBeSame(one: unknown, other: unknown): void {
  const [first, second] = [JSON.stringify(one), JSON.stringify(other)];
  const isSame = first === second || isDeepStrictEqual(JSON.parse(first), JSON.parse(second));
  must(isSame, `${first.slice(0, 300)} is not ${second.slice(0, 300)}`);
}

/** As every reader of the wire does it. */
export function jsonOf(input: Buffer): unknown {
  try {
    return JSON.parse(input.toString('utf8'));
  } catch {
    throw new ProtocolError('no JSON');
  }
}

export function texts(...all: readonly string[]): readonly Buffer[] {
  return all.map((text) => Buffer.from(text));
}
