import type { Random } from './random.js';

type Mutation = (bytes: Buffer, random: Random, other: Buffer) => Buffer;

export const maxInputBytes = 64 * 1024;

/** What somebody who means harm would write in place of a number, a text or a name. */
const wickedTokens: readonly string[] = [
  ...[
    '-1',
    '0',
    '-0',
    '1e309',
    '4294967296',
    '9007199254740993',
    '18446744073709551616',
    '1e-7',
    '0.5',
    '65536',
  ],
  ...[
    'null',
    'true',
    '[]',
    '{}',
    '[[[[[[]]]]]]',
    '""',
    '"\\u0000"',
    '"\\ud800"',
    '"\u00ff\u00fe"',
    '"ü🙂‮"',
    'NaN',
  ],
  ...['"__proto__"', '"constructor"', '"toString"', '"prototype"', '"hasOwnProperty"', '"then"'],
  ...[
    '"../../evil"',
    '"a/../../evil"',
    '"/etc/passwd"',
    '"."',
    '".."',
    '"l/evil"',
    '"a\\u0000b"',
    '"\\u012f"',
  ],
  ...[
    '{"__proto__":{"polluted":1}}',
    '{"constructor":{"prototype":{"polluted":1}}}',
    '{"toString":1,"valueOf":2}',
  ],
  ...[
    '2541',
    '511',
    '4095',
    '"dir"',
    '"symlink"',
    '"file"',
    '"fifo"',
    '"delete"',
    '"device"',
    '"1-1"',
    '"SIGKILL"',
  ],
];
const wickedKeys = ['"__proto__":{"polluted":1},', '"constructor":{},', '"toString":1,', '"length":-1,'];
const tokenPattern = /"(?:[^"\\\n]|\\.){0,200}"|-?\d+(?:\.\d+)?|true|false|null/g;
const lengths = [0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

const flipBit: Mutation = (bytes, random) => {
  const at = random.below(bytes.length);
  bytes[at] = bytes[at]! ^ (1 << random.below(8));
  return bytes;
};

const setByte: Mutation = (bytes, random) => {
  bytes[random.below(bytes.length)] = random.below(256);
  return bytes;
};

const truncate: Mutation = (bytes, random) => bytes.subarray(0, random.below(bytes.length));

const cutOut: Mutation = (bytes, random) => {
  const from = random.below(bytes.length);
  return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + 1 + random.below(64))]);
};

const repeat: Mutation = (bytes, random) => {
  const from = random.below(bytes.length);
  const piece = bytes.subarray(from, from + 1 + random.below(64));
  const times = 1 + random.below(random.below(8) === 0 ? 400 : 4);
  return insert(bytes, from, Buffer.concat(new Array<Buffer>(times).fill(piece)));
};

const splice: Mutation = (bytes, random, other) =>
  Buffer.concat([
    bytes.subarray(0, random.below(bytes.length)),
    other.subarray(random.below(other.length + 1)),
  ]);

/** Big-endian and little-endian numbers where a length may stand. */
const editLength: Mutation = (bytes, random) => {
  const at = random.below(bytes.length);
  const value = random.pick(lengths);
  const width = random.pick([2, 4, 6]);
  if (at + width > bytes.length) return bytes;
  if (random.below(2) === 0) bytes.writeUIntBE(value % 2 ** (8 * width), at, width);
  else bytes.writeUIntLE(value % 2 ** (8 * width), at, width);
  return bytes;
};

const replaceToken: Mutation = (bytes, random) => {
  const tokens = tokensIn(bytes);
  if (tokens.length === 0) return bytes;
  const token = random.pick(tokens);
  return exchange(bytes, token.at, token.length, Buffer.from(random.pick(wickedTokens)));
};

const swapToken: Mutation = (bytes, random, other) => {
  const [tokens, donors] = [tokensIn(bytes), tokensIn(other)];
  if (tokens.length === 0 || donors.length === 0) return bytes;
  const [token, donor] = [random.pick(tokens), random.pick(donors)];
  return exchange(bytes, token.at, token.length, other.subarray(donor.at, donor.at + donor.length));
};

const addKey: Mutation = (bytes, random) => {
  const braces: number[] = [];
  for (let at = bytes.indexOf(0x7b); at >= 0; at = bytes.indexOf(0x7b, at + 1)) braces.push(at);
  return braces.length === 0
    ? bytes
    : insert(bytes, random.pick(braces) + 1, Buffer.from(random.pick(wickedKeys)));
};

const repeatLine: Mutation = (bytes, random) => {
  const lines = bytes.toString('latin1').split('\n');
  const line = random.pick(lines);
  lines.splice(random.below(lines.length + 1), 0, ...new Array<string>(1 + random.below(5)).fill(line));
  return Buffer.from(lines.join('\n'), 'latin1');
};

const longText: Mutation = (bytes, random) =>
  insert(
    bytes,
    random.below(bytes.length + 1),
    Buffer.alloc(256 << random.below(6), random.pick([0x41, 0x2f, 0x5b, 0x2a, 0x20])),
  );

const insertWicked: Mutation = (bytes, random) =>
  insert(bytes, random.below(bytes.length + 1), Buffer.from(random.pick(wickedTokens)));

const mutations: readonly Mutation[] = [
  ...[flipBit, setByte, truncate, cutOut, repeat, splice, editLength, repeatLine, longText, insertWicked],
  ...[replaceToken, replaceToken, replaceToken, swapToken, addKey],
];

/** One to some of them, one after the other. */
export function mutate(sample: Buffer, random: Random, samples: readonly Buffer[]): Buffer {
  let bytes = Buffer.from(sample);
  for (let left = 1 + random.below(random.below(4) === 0 ? 8 : 3); left > 0; left--) {
    if (bytes.length === 0) return bytes;
    bytes = Buffer.from(random.pick(mutations)(bytes, random, random.pick(samples))).subarray(
      0,
      maxInputBytes,
    );
  }
  return bytes;
}

function tokensIn(bytes: Buffer): readonly { readonly at: number; readonly length: number }[] {
  return [...bytes.toString('latin1', 0, 16_384).matchAll(tokenPattern)].map((match) => ({
    at: match.index,
    length: match[0].length,
  }));
}

function insert(bytes: Buffer, at: number, piece: Buffer): Buffer {
  return exchange(bytes, at, 0, piece);
}

function exchange(bytes: Buffer, at: number, length: number, piece: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at + length)]);
}
