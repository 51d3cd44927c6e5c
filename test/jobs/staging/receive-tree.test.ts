import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pathProblem } from '../../../src/jobs/staging/byte-path.js';
import { receiveTree, type ReceiveOptions } from '../../../src/jobs/staging/receive-tree.js';
import { removeTree } from '../../../src/jobs/staging/remove-tree.js';
import { sendTree } from '../../../src/jobs/staging/send-tree.js';
import { chunkKinds, formatChunkHead, magic } from '../../../src/jobs/staging/wire.js';
import { manifestOf, newFolder, sh } from './trees.js';

type Record = object | Buffer;
const at = { mode: 0o644, mtimeNs: '1000000000000000000' };
const chunk = (kind: number, length: number): Buffer => formatChunkHead({ kind, length });
const fileEnd = chunk(chunkKinds.end, 0);

function file(path: string, content = 'x', more: object = {}): Record[] {
  const bytes = Buffer.from(content);
  const body = bytes.length === 0 ? [] : [chunk(chunkKinds.data, bytes.length), bytes];
  return [{ type: 'file', path, size: bytes.length, offset: 0, ...at, ...more }, ...body, fileEnd];
}
const dir = (path: string): object => ({ type: 'dir', path, ...at, mode: 0o755 });
const link = (path: string, linkTarget: string): object => ({
  type: 'symlink',
  path,
  linkTarget,
  mtimeNs: '5',
});

/** A well-formed stream around any records, however wicked. */
function archive(records: readonly Record[], end: object = {}): Buffer {
  const parts: Buffer[] = [Buffer.from(magic)];
  for (const record of records)
    parts.push(Buffer.isBuffer(record) ? record : Buffer.from(`${JSON.stringify(record)}\n`));
  const body = Buffer.concat(parts);
  const headers = records.filter((record): record is { type: string; size?: number; offset?: number } => {
    return !Buffer.isBuffer(record);
  });
  const bytes = headers.reduce((sum, { size = 0, offset = 0 }) => sum + size - offset, 0);
  const last = { type: 'end', entries: headers.length, bytes, crc32: crc32(body), ...end };
  return Buffer.concat([body, Buffer.from(`${JSON.stringify(last)}\n`)]);
}

function receive(
  root: string,
  bytes: Buffer | Readable,
  options: Partial<ReceiveOptions> = {},
): Promise<unknown> {
  const input = Buffer.isBuffer(bytes) ? Readable.from([bytes], { objectMode: false }) : bytes;
  return receiveTree({ root, input, limitBytes: 1e9, limitEntries: 1000, ...options });
}

describe('a wicked stream is refused, and nothing outside the folder changes:', () => {
  const huge = 'x'.repeat(200_000);
  const cases: readonly (
    readonly [string, readonly Record[], RegExp] | readonly [string, readonly Record[], RegExp, object]
  )[] = [
    ['an absolute path', file('/etc/moskit-was-here'), /absolute/],
    ['a path that leads out', file('../outside/evil'), /'\.\.'/],
    ['a path that leads out later', [dir('a'), ...file('a/../../outside/evil')], /'\.\.'/],
    ['a dot', file('./a'), /'\.'/],
    ['an empty component', file('a//b'), /''/],
    ['a trailing slash', [dir('a/')], /''/],
    ['an empty path', file(''), /missing/],
    ['a path that is no string', file(7 as unknown as string), /missing/],
    ['a NUL', file('a\0b'), /characters/],
    ['a character that becomes a slash as a byte', file('..\u012foutside\u012fevil'), /characters/],
    ['a name that is too long', file('n'.repeat(256)), /too long/],
    ['a path that is too long', file('d/'.repeat(3000) + 'f'), /too long/],
    ['a file through a link of the same stream', [link('l', '../outside'), ...file('l/evil')], /link/],
    ['a folder through a link', [link('l', '../outside'), dir('l/evil')], /link/],
    ['a link through a link', [link('l', '../outside'), link('l/evil', 'x')], /link/],
    ['a removal through a link', [link('l', '../outside'), { type: 'delete', path: 'l/precious' }], /link/],
    [
      'a file through a link two folders up',
      [dir('d'), link('d/l', '../../outside'), ...file('d/l/x/evil')],
      /link/,
    ],
    ['a file through a link that was there', file('there/evil'), /link/],
    ['a folder in place of a link that was there', [dir('there'), ...file('there/evil')], /link/],
    ['a removal through a link that was there', [{ type: 'delete', path: 'there/precious' }], /link/],
    ['a file below a file', [...file('f'), ...file('f/g')], /not a folder/],
    ['a file in place of a folder', [dir('d'), ...file('d')], /twice/],
    ['a file in place of a folder that was there', file('full'), /cannot store 'full'/],
    ['the same file twice', [...file('f'), ...file('f')], /twice/],
    ['a removal after the creation', [...file('f'), { type: 'delete', path: 'f' }], /twice/],
    [
      'two removals',
      [
        { type: 'delete', path: 'f' },
        { type: 'delete', path: 'f' },
      ],
      /twice/,
    ],
    ['the removal of a folder with something in it', [{ type: 'delete', path: 'full' }], /not empty/],
    ['a device', [{ type: 'char', path: 'null', major: 1, minor: 3, ...at }], /not known/],
    ['a block device', [{ type: 'block', path: 'sda', ...at }], /not known/],
    ['a socket', [{ type: 'socket', path: 's', ...at }], /not known/],
    ['a hard link', [{ type: 'hardlink', path: 'h', linkTarget: '/etc/passwd', ...at }], /not known/],
    ['a link without a target', [link('l', '')], /missing/],
    ['a record that is no object', [Buffer.from('[1]\n')], /cannot be read/],
    ['a record that is no JSON', [Buffer.from('hello\n')], /cannot be read/],
    ['a record with __proto__ only', [Buffer.from('{"__proto__":{"type":"dir","path":"d"}}\n')], /not known/],
    ['a huge record', [Buffer.from(`{"type":"dir","path":"${huge}"}\n`)], /too long/],
    ['a record without an end', [Buffer.from(huge.repeat(10))], /too long/],
    ['a negative size', file('f', 'x', { size: -1 }), /size/],
    ['a size that is no number', file('f', 'x', { size: '1' }), /size/],
    ['half a byte', file('f', 'x', { size: 0.5 }), /size/],
    ['a size beyond counting', file('f', 'x', { size: 2 ** 60 }), /size/],
    ['an absurd size', file('f', 'x', { size: 2 ** 50 }), /too large/],
    ['an offset behind the end', file('f', 'x', { offset: 2 }), /offset/],
    ['a negative mode', file('f', 'x', { mode: -1 }), /mode/],
    ['a time that is none', file('f', 'x', { mtimeNs: 'now' }), /time/],
    ['more content than the size', file('f', 'xyz', { size: 2 }), /does not fit/],
    ['less content than the size', file('f', 'xyz', { size: 4 }), /ends early/],
    [
      'a hole larger than the size',
      [...file('f', '', { size: 5 }).slice(0, 1), chunk(chunkKinds.hole, 6), fileEnd],
      /fit/,
    ],
    [
      'pieces without bytes',
      [
        ...file('f', '', { size: 5 }).slice(0, 1),
        chunk(chunkKinds.hole, 0),
        chunk(chunkKinds.hole, 5),
        fileEnd,
      ],
      /fit/,
    ],
    ['a piece of an unknown kind', [...file('f', '', { size: 5 }).slice(0, 1), chunk(0x58, 1)], /not known/],
    ['an end of an unknown kind', [...file('f', '').slice(0, 1), chunk(chunkKinds.end, 9)], /ends early/],
    ['a wrong check sum', file('f'), /check sum/, { crc32: 1 }],
    ['a wrong count of entries', file('f'), /counts/, { entries: 2 }],
    ['a wrong count of bytes', file('f'), /counts/, { bytes: 2 }],
    [
      'a failure of the sender',
      [{ type: 'abort', reason: 'disk\u001b[31m on fire' }],
      /disk\\x1b\[31m on fire/,
    ],
  ];

  it.each(cases)('%s', async (...[, records, reason, end]) => {
    const base = await newFolder();
    const root = join(base, 'root');
    await mkdir(join(base, 'outside'));
    await writeFile(join(base, 'outside/precious'), 'precious');
    await mkdir(join(root, 'full/of'), { recursive: true });
    await symlink('../outside', join(root, 'there'));
    await expect(receive(root, archive(records, end))).rejects.toThrow(reason);
    expect(await readdir(join(base, 'outside'))).toEqual(['precious']);
    expect(await readFile(join(base, 'outside/precious'), 'utf8')).toBe('precious');
    expect(await readdir(base)).toEqual(['outside', 'root']);
    await removeTree(root); // and it can be removed
  });

  it('too many entries', async () => {
    const many = archive(Array.from({ length: 11 }, (_, index) => dir(`d${index}`)));
    await expect(receive(await newFolder(), many, { limitEntries: 10 })).rejects.toThrow(
      /more than the allowed 10/,
    );
  });

  it('too many bytes, before they are written', async () => {
    const root = await newFolder();
    const stream = archive([...file('a', 'x'.repeat(60)), ...file('b', 'x'.repeat(60))]);
    await expect(receive(root, stream, { limitBytes: 100 })).rejects.toThrow(/more bytes .*'b'/);
    expect(await readdir(root)).toEqual(['a']);
  });

  it('one that never ends', async () => {
    function* endless(): Generator<Buffer> {
      yield Buffer.concat([
        Buffer.from(magic),
        Buffer.from(`${JSON.stringify(file('f', '', { size: 1e9 })[0])}\n`),
      ]);
      for (;;) yield Buffer.concat([chunk(chunkKinds.data, 1000), Buffer.alloc(1000, 'x')]);
    }
    const input = Readable.from(endless(), { objectMode: false });
    await expect(receive(await newFolder(), input, { limitBytes: 1e6 })).rejects.toThrow(/more bytes/);
  });

  it('something else altogether', async () => {
    const greeting = Buffer.from('Welcome to node 3!\nLast login: yesterday\n');
    await expect(receive(await newFolder(), greeting)).rejects.toThrow(/did not send a tree/);
  });
});

describe('a stream that is cut', () => {
  const whole = archive([dir('d'), ...file('d/f', 'content'), link('d/l', 'f'), ...file('g', '')]);

  it('is an error at every byte, and leaves no half file under its name', async () => {
    for (let length = 0; length < whole.length; length++) {
      const root = join(await newFolder(), 'root');
      await expect(receive(root, whole.subarray(0, length))).rejects.toThrow(/left in the middle/);
      const content = await readFile(join(root, 'd/f'), 'utf8').catch(() => 'content');
      expect(content).toBe('content');
      await removeTree(root);
    }
  });

  it('is an error when the connection breaks instead of ending', async () => {
    const input = new PassThrough();
    const receiving = receive(await newFolder(), input);
    input.write(whole.subarray(0, 100));
    input.destroy(new Error('connection reset'));
    await expect(receiving).rejects.toThrow(/left in the middle/);
  });

  it('is given up when the caller says so, though the peer says nothing', async () => {
    const stop = new AbortController();
    const input = new PassThrough();
    const receiving = receive(await newFolder(), input, { signal: stop.signal });
    input.write(whole.subarray(0, 100));
    setTimeout(() => stop.abort(), 50); // when it waits already
    await expect(receiving).rejects.toThrow(/given up/);
  });

  it('is complete however it is cut into pieces', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }), async (sizes) => {
        const root = join(await newFolder(), 'root');
        await receive(root, Readable.from(piecesOf(whole, sizes), { objectMode: false }));
        expect(await readFile(join(root, 'd/f'), 'utf8')).toBe('content');
        await removeTree(root);
      }),
      { numRuns: 30 },
    );
  });
});

describe('a damaged stream', () => {
  it('is refused wherever a bit is turned', async () => {
    const whole = archive([dir('d'), ...file('d/f', 'content'), link('d/l', 'f')]);
    for (let index = 0; index < whole.length; index++) {
      const bent = Buffer.from(whole);
      bent.writeUInt8(bent.readUInt8(index) ^ 1, index);
      const root = join(await newFolder(), 'root');
      await expect(receive(root, bent), `byte ${index}`).rejects.toThrow();
      await removeTree(root);
    }
  });
});

describe('what follows a tree in the stream', () => {
  const two = Buffer.concat([archive(file('one')), archive(file('two')), Buffer.from('and more')]);

  it.each([
    ['at once', [two.length]],
    ['in pieces', [7, 50, 3]],
  ])('stays in it, sent %s', async (_how, sizes) => {
    const root = await newFolder();
    const input = Readable.from(piecesOf(two, sizes), { objectMode: false });
    await receive(root, input);
    await receive(root, input);
    expect((await readdir(root)).sort()).toEqual(['one', 'two']);
    const rest: Buffer[] = [];
    for await (const piece of input) rest.push(piece as Buffer);
    expect(Buffer.concat(rest).toString()).toBe('and more');
  });
});

it('bits that no peer may set are not set', async () => {
  const root = await newFolder();
  await receive(root, archive([{ ...dir('d'), mode: 0o7777 }, ...file('f', 'x', { mode: 0o6755 })]));
  expect((await stat(join(root, 'd'))).mode & 0o7777).toBe(0o777);
  expect((await stat(join(root, 'f'))).mode & 0o7777).toBe(0o755);
});

describe('a disk that fills up', () => {
  it.runIf(process.getuid?.() === 0)('is named, and what was written can be removed', async () => {
    const mount = await newFolder();
    sh('/', `mount -t tmpfs -o size=1m none '${mount}'`);
    try {
      const root = join(mount, 'root');
      const big = archive(file('big', 'x'.repeat(3_000_000)));
      await expect(receive(root, big)).rejects.toThrow(
        `cannot store files in ${root}: no space is left (ENOSPC) on ${mount}`,
      );
      expect(await readdir(root)).toEqual([]);
      await removeTree(root);
    } finally {
      sh('/', `umount '${mount}'`);
    }
  });
});

describe('unstable files', () => {
  it('get a time that no file has, so that a later pass sends them again', async () => {
    const from = await newFolder();
    await writeFile(join(from, 'fresh'), 'just written');
    const stream = new PassThrough();
    const sent = await sendTree({ root: from, entries: (await manifestOf(from)).entries, out: stream });
    expect(sent.unstable).toEqual([{ path: 'fresh', reason: 'was written to a moment ago' }]);
    const root = await newFolder();
    expect(await receive(root, stream)).toMatchObject({ files: 1, unstable: ['fresh'] });
    expect((await stat(join(root, 'fresh'))).mtimeMs).toBe(0);
  });
});

it('no path that is let through leads out of the folder', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('.', '/', 'a', '\0', '\u012e', '\u022f', '\\', '\xff') }),
      (path) => {
        if (pathProblem(path) !== null) return;
        const bytes = Buffer.from(path, 'latin1').toString('latin1');
        expect(bytes).toBe(path);
        expect(join('/root/x', bytes).startsWith('/root/x/')).toBe(true);
      },
    ),
    { numRuns: 2000 },
  );
});

function* piecesOf(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  for (let start = 0, index = 0; start < bytes.length; index++) {
    const size = sizes[index % sizes.length]!;
    yield bytes.subarray(start, start + size);
    start += size;
  }
}
