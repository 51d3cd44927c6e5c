import { Duplex } from 'node:stream';
import { ProtocolError } from '../../../src/errors.js';
import {
  decodeData,
  encodeControl,
  encodeData,
  FrameReader,
  frameTypes,
} from '../../../src/protocol/frames.js';
import { formatHello, readHello } from '../../../src/protocol/handshake.js';
import { encodeStdinEnd, parseIoDown, parseIoUp } from '../../../src/protocol/io-control.js';
import { LineReader } from '../../../src/protocol/lines.js';
import { acceptChannel, readGo } from '../../../src/protocol/open-channel.js';
import { Rpc } from '../../../src/protocol/rpc.js';
import * as schemas from '../../../src/protocol/schemas.js';
import { corpus } from '../corpus.js';
import type { Target } from '../engine.js';
import { answerSamples, openingSamples, requestSamples } from '../message-samples.js';
import { jsonOf, must, mustBeSame, texts } from './expect.js';

const timeoutMs = 60_000;
const lineLimit = 4096;
const hello = formatHello({ role: 'mosd', socket: '/run/user/0/mosd' });

/** Bytes of a peer, or of another user's program at the socket. */
export const protocolTargets: readonly Target[] = [
  {
    name: 'lines',
    share: 4,
    samples: texts('one\ntwo\n\nthree', `${'x'.repeat(5000)}\n`),
    run: (input) => {
      const reader = new LineReader(lineLimit);
      const lines = piecesOf(input).flatMap((piece) => reader.push(piece));
      must(
        lines.every((line) => line.length <= lineLimit && !line.includes(10)),
        'gives no line',
      );
    },
  },
  {
    name: 'frames',
    share: 6,
    samples: [
      Buffer.concat([
        encodeData(frameTypes.stdout, 17, Buffer.from('output')),
        encodeControl({ type: 'delivered', stdout: 3, stderr: 4 }),
        encodeStdinEnd(5),
      ]),
      Buffer.concat([
        encodeControl({ type: 'notice', text: 'moved' }),
        encodeControl({ type: 'signal', signal: 'SIGINT' }),
      ]),
      ...corpus('frames'),
    ],
    run: (input) => {
      const reader = new FrameReader();
      for (const { type, payload } of piecesOf(input).flatMap((piece) => reader.push(piece))) {
        if (type === frameTypes.control) anyOf([() => parseIoUp(payload), () => parseIoDown(payload)]);
        else must(decodeData(payload).offset >= 0, 'takes an offset below zero');
      }
    },
  },
  {
    name: 'io-control',
    share: 4,
    samples: texts(
      ...['{"type":"detach"}', '{"type":"signal","signal":"SIGTERM"}', '{"type":"stdinTaken","offset":5}'],
      '{"type":"ended","exit":{"kind":"code","code":3},"messages":"x"}',
      '{"type":"ended","exit":{"kind":"unknown","reason":"killed"}}',
    ),
    run: (input) => anyOf([() => parseIoUp(input), () => parseIoDown(input)]),
  },
  {
    name: 'handshake',
    share: 3,
    samples: [...texts(hello, `Last login: today\r\n${hello}`, 'noise\n'.repeat(50)), ...corpus('handshake')],
    run: (input) => withStream(input, (stream) => readHello(stream, { timeoutMs })),
  },
  {
    name: 'open-channel',
    share: 3,
    samples: openingSamples.map((opening) => Buffer.from(`${hello}${JSON.stringify(opening)}\nrest`)),
    run: (input) =>
      withStream(input, async (stream) => {
        const { opening } = await acceptChannel(stream, { socket: '/s', timeoutMs });
        schemas.parseShape(schemas.openingSchema, opening, 'opening');
      }),
  },
  {
    name: 'go',
    share: 2,
    samples: texts('{"ok":true}\nrest', '{"error":"no such ticket"}\n'),
    run: (input) => withStream(input, (stream) => readGo(stream, timeoutMs)),
  },
  {
    name: 'rpc',
    share: 4,
    samples: [
      ...texts(
        '{"id":1,"result":{}}\n',
        '{"id":1,"error":{"code":"refused","message":"no\\u001b[31m","hint":"x"}}\n',
        '{"error":"full\\u001b[2J"}\n',
      ),
      ...requestSamples
        .slice(0, 8)
        .map(([method, params], id) => Buffer.from(`${JSON.stringify({ id, method, params })}\n`)),
    ],
    run: (input) => withStream(input, serveOver),
  },
  {
    name: 'request',
    share: 10,
    samples: [...requestSamples.map((sample) => Buffer.from(JSON.stringify(sample))), ...corpus('request')],
    run: (input) =>
      checkShape(input, { ...schemas.toolSchemas, ...schemas.guestSchemas, ...schemas.homeSchemas }),
  },
  {
    name: 'answer',
    share: 6,
    samples: [...answerSamples.map((sample) => Buffer.from(JSON.stringify(sample))), ...corpus('answer')],
    run: (input) =>
      checkShape(input, {
        ...schemas.guestAnswers,
        usage: schemas.usageSchema,
        requirements: schemas.requirementsSchema,
      }),
  },
];

/** Small pieces and large ones, by the bytes themselves. */
function piecesOf(input: Buffer): readonly Buffer[] {
  const size = 1 + ((input[0] ?? 0) % 2 === 0 ? input.length : input.length % 7);
  const pieces: Buffer[] = [];
  for (let at = 0; at < input.length; at += size) pieces.push(input.subarray(at, at + size));
  return pieces;
}

/** Each may refuse, in its way; the last one's answer counts. */
function anyOf(parsers: readonly (() => unknown)[]): void {
  for (const parse of parsers) {
    try {
      parse();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
    }
  }
}

async function withStream(input: Buffer, act: (stream: Duplex) => Promise<unknown>): Promise<void> {
  const pieces = [...piecesOf(input)].slice(0, 2000);
  const stream = new Duplex({
    read() {
      this.push(pieces.shift() ?? null);
    },
    write: (_chunk, _encoding, done) => done(),
  });
  stream.on('error', () => undefined);
  try {
    await act(stream);
  } finally {
    stream.destroy();
  }
}

async function serveOver(stream: Duplex): Promise<void> {
  const rpc = new Rpc(stream, {
    peerName: 'node 2',
    onRequest: (method, params) => Promise.resolve([method, params]),
    onNotification: (method) => must(typeof method === 'string', 'gives no method'),
  });
  const answered = rpc.request('ping', {}).catch((error: unknown) => {
    must(
      error instanceof Error && !/[\u0000-\u0008\u001b]/.test(error.message),
      'says what a terminal obeys',
    );
  });
  const reason = await rpc.closed;
  await answered;
  if (reason) throw reason;
}

function checkShape(
  input: Buffer,
  table: Readonly<Record<string, Parameters<typeof schemas.parseShape>[0]>>,
): void {
  const value = jsonOf(input);
  const [name, params] = Array.isArray(value) ? (value as unknown[]) : [];
  if (typeof name !== 'string' || !Object.hasOwn(table, name)) throw new ProtocolError('nobody answers that');
  const parsed = schemas.parseShape(table[name]!, params, name);
  mustBeSame(schemas.parseShape(table[name]!, parsed, name), parsed);
  const text = JSON.stringify((parsed as { readonly spec?: unknown } | undefined)?.spec ?? null);
  must(!text.includes('\\u0000'), 'takes a NUL, which no program can be started with');
}
