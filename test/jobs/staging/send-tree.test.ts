import { appendFile, mkdir, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { receiveTree } from '../../../src/jobs/staging/receive-tree.js';
import { sendTree } from '../../../src/jobs/staging/send-tree.js';
import { manifestOf, newFolder, sh, transfer } from './trees.js';

describe('a folder that changes between the listing and the sending', () => {
  it('still makes a whole stream; what is not to be relied on is named', async () => {
    const from = await newFolder();
    for (const name of ['gone', 'pipe', 'grew', 'shrank', 'fine', 'linked', 'dir/f'])
      await mkdir(join(from, name, '..'), { recursive: true }).then(() =>
        writeFile(join(from, name), 'content'),
      );
    const { entries } = await manifestOf(from);
    const outside = await newFolder();
    await writeFile(join(outside, 'f'), 'a secret of somebody else');
    await rm(join(from, 'gone'));
    sh(from, 'rm pipe; mkfifo pipe; rm linked; ln -s /etc/passwd linked');
    await appendFile(join(from, 'grew'), ' and more');
    await truncate(join(from, 'shrank'), 2);
    await rename(join(from, 'dir'), join(from, 'was-dir'));
    await symlink(outside, join(from, 'dir'));

    const to = await newFolder();
    const { sent, received } = await transfer({ root: from, entries, frozen: true }, { root: to });
    expect(Object.fromEntries(sent.unstable.map(({ path, reason }) => [path, reason]))).toEqual({
      gone: 'no such file or directory',
      pipe: 'is no longer a file',
      linked: expect.stringMatching(/symbolic link/) as string,
      'dir/f': `'dir' below ${from} is a link, which is not followed`,
    });
    expect(received.files).toBe(3);
    expect(sh(to, 'cat grew shrank fine')).toBe('content and morecocontent');
  });
});

describe('a file that changes while it is sent', () => {
  /** Takes the first bytes, then lets the caller change the file, then takes the rest. */
  async function sendWhile(change: (file: string) => Promise<void>) {
    const from = await newFolder();
    const file = join(from, 'big');
    await writeFile(file, randomBytes(8_000_000));
    await writeFile(join(from, 'last'), 'still there');
    const { entries } = await manifestOf(from);
    const stream = new PassThrough({ highWaterMark: 1000 });
    const sending = sendTree({ root: from, entries, out: stream, frozen: true });
    await new Promise((resolve) => stream.once('readable', resolve));
    await change(file);
    const to = await newFolder();
    const received = await receiveTree({ root: to, input: stream, limitBytes: 1e9, limitEntries: 9 });
    return { to, sent: await sending, received };
  }

  it('has the size that was announced though it grows', async () => {
    const { to, sent, received } = await sendWhile((file) => appendFile(file, 'more'));
    expect(sent.unstable).toEqual([{ path: 'big', reason: 'changed while it was read' }]);
    expect(received).toMatchObject({ files: 2, unstable: ['big'] });
    expect(sh(to, 'stat -c %s,%Y big; cat last')).toBe('8000000,0\nstill there');
  });

  it('has the size that was announced though it shrinks', async () => {
    const { to, sent, received } = await sendWhile((file) => truncate(file, 100));
    expect(sent.unstable).toEqual([{ path: 'big', reason: 'became shorter while it was read' }]);
    expect(received.unstable).toEqual(['big']);
    expect(sh(to, 'stat -c %s,%Y big; cat last')).toBe('8000000,0\nstill there');
  });
});

describe('a receiver', () => {
  it('that is slow is not flooded', async () => {
    const from = await newFolder();
    await writeFile(join(from, 'big'), randomBytes(20_000_000));
    const { entries } = await manifestOf(from);
    let most = 0;
    const slow: Writable = new Writable({
      highWaterMark: 100_000,
      write(_chunk, _encoding, done) {
        most = Math.max(most, slow.writableLength);
        setTimeout(done, 5);
      },
    });
    await sendTree({ root: from, entries, out: slow });
    expect(most).toBeLessThan(2_000_000);
  });

  it.each(['before', 'in the middle'])('that leaves %s ends the sending with an error', async (when) => {
    const from = await newFolder();
    await writeFile(join(from, 'big'), randomBytes(5_000_000));
    const { entries } = await manifestOf(from);
    const out = new PassThrough();
    out.on('error', () => undefined);
    if (when === 'before') out.destroy();
    else out.once('readable', () => out.destroy(new Error('reset')));
    await expect(sendTree({ root: from, entries, out })).rejects.toThrow(/left in the middle/);
  });

  it('that takes nothing is given up when the caller says so', async () => {
    const from = await newFolder();
    await writeFile(join(from, 'big'), randomBytes(5_000_000));
    const { entries } = await manifestOf(from);
    const stop = new AbortController();
    const sending = sendTree({ root: from, entries, out: new PassThrough(), signal: stop.signal });
    setImmediate(() => stop.abort());
    await expect(sending).rejects.toThrow(/given up/);
  });
});

it('a folder that is not there is told to the receiver, who does not wait for it', async () => {
  const root = join(await newFolder(), 'gone');
  const stream = new PassThrough();
  await expect(sendTree({ root, entries: [], out: stream })).rejects.toThrow(/ENOENT/);
  const receiving = receiveTree({ root: await newFolder(), input: stream, limitBytes: 1, limitEntries: 1 });
  await expect(receiving).rejects.toThrow(
    'the other side could not send its files: no such file or directory',
  );
});

it('the stream stays open, for whatever comes next', async () => {
  const out = new PassThrough();
  await sendTree({ root: await newFolder(), entries: [], out });
  expect(out.writable).toBe(true);
  expect(out.listenerCount('error')).toBe(0);
});
