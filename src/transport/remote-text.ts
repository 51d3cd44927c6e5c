import type { Readable } from 'node:stream';

const escapeSequences = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|.)/g;
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g;

/** Text of another machine made safe to show on one line: no control characters, no more than `limit` characters. */
export function cleanText(text: string, limit = 300): string {
  const flat = text.replace(escapeSequences, '').replace(controls, ' ').replace(/ +/g, ' ').trim();
  return flat.length <= limit ? flat : `${flat.slice(0, limit)}…`;
}

/** Keeps reading `stream`, so that it never blocks the other side, and holds its last `limit` bytes. */
export function keepTail(stream: Readable, limit = 4096): () => string {
  let tail = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => {
    tail = Buffer.concat([tail, chunk]);
    if (tail.length > limit) tail = tail.subarray(tail.length - limit);
  });
  stream.on('error', () => undefined);
  return () => tail.toString('utf8');
}
