import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serveIo, type IoSource, type JobEnd } from '../../src/daemon/io-server.js';
import { framesOf } from '../../src/protocol/frame-stream.js';
import { decodeData, encodeControl, encodeData, encodeFrame, frameTypes } from '../../src/protocol/frames.js';
import { encodeStdinEnd, parseIoDown } from '../../src/protocol/io-control.js';
import type { IoDown, IoUp } from '../../src/protocol/messages.js';
import { pollUntil } from '../poll-until.js';
import { socketPair } from '../protocol/socket-pair.js';

const success: JobEnd = { exit: { kind: 'code', code: 0 }, messages: '' };

describe('the streams of a job', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'io-server-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** A job whose output is in files, as mosd has it; `end` is called when it is over. */
  function job(change: Partial<IoSource> = {}) {
    const stdoutPath = join(folder, 'stdout');
    const stderrPath = join(folder, 'stderr');
    const input: unknown[] = [];
    const told: IoUp[] = [];
    let end: (how: JobEnd) => void = () => undefined;
    const source: IoSource = {
      stdoutPath,
      stderrPath,
      ended: new Promise((resolve) => (end = resolve)),
      takeStdin: (offset, bytes) => Promise.resolve(void input.push([offset, bytes.toString()])),
      endStdin: (offset) => Promise.resolve(void input.push(offset)),
      control: (message) => void told.push(message),
      ...change,
    };
    return { source, stdoutPath, stderrPath, input, told, end };
  }

  /** Serves it to somebody who writes down what comes. */
  async function serve(source: IoSource, from = { stdout: 0, stderr: 0 }) {
    const [near, far] = await socketPair();
    const got = { stdout: '', stderr: '', said: [] as IoDown[], at: { ...from } };
    const done = serveIo(near, from, source);
    done.catch(() => undefined);
    const take = (name: 'stdout' | 'stderr', payload: Buffer): void => {
      const { offset, bytes } = decodeData(payload);
      expect(offset).toBe(got.at[name]);
      got.at[name] += bytes.length;
      got[name] += bytes.toString('latin1');
    };
    void (async () => {
      for await (const { type, payload } of framesOf(far)) {
        if (type === frameTypes.control) got.said.push(parseIoDown(payload));
        else take(type === frameTypes.stdout ? 'stdout' : 'stderr', payload);
      }
    })();
    return { near, far, got, done };
  }

  it('are followed while they grow, apart, and the end comes after everything', async () => {
    const { source, stdoutPath, stderrPath, end } = job();
    const { got, done } = await serve(source);
    writeFileSync(stdoutPath, 'one ');
    await pollUntil(() => got.stdout === 'one ');
    writeFileSync(stderrPath, 'trouble');
    appendFileSync(stdoutPath, 'two ');
    await pollUntil(() => got.stdout === 'one two ' && got.stderr === 'trouble');
    expect(got.said).toEqual([]);
    appendFileSync(stdoutPath, 'x'.repeat(3_000_000));
    end({ exit: { kind: 'signal', signal: 'SIGTERM' }, messages: 'it said' });
    await done;
    await pollUntil(() => got.said.length > 0);
    expect(got.stdout).toBe(`one two ${'x'.repeat(3_000_000)}`);
    expect(got.said).toEqual([
      { type: 'ended', exit: { kind: 'signal', signal: 'SIGTERM' }, messages: 'it said' },
    ]);
  });

  it('go on from any pair of offsets after a broken channel, and are whole', async () => {
    const out = Buffer.from(Array.from({ length: 3000 }, (_, i) => i % 251)).toString('latin1');
    const { source, stdoutPath, stderrPath, end } = job();
    writeFileSync(stdoutPath, out, 'latin1');
    writeFileSync(stderrPath, out, 'latin1');
    end(success);
    const offset = fc.nat(out.length);
    await fc.assert(
      fc.asyncProperty(offset, offset, async (stdout, stderr) => {
        const { got, done } = await serve(source, { stdout, stderr });
        await done;
        await pollUntil(() => got.said.length === 1);
        expect([got.stdout, got.stderr]).toEqual([out.slice(stdout), out.slice(stderr)]);
      }),
      { numRuns: 30 },
    );
  });

  it('wait for somebody who does not read, and are not held in memory', async () => {
    const { source, stdoutPath, end } = job();
    writeFileSync(stdoutPath, '');
    const [near, far] = await socketPair();
    const done = serveIo(near, { stdout: 0, stderr: 0 }, source);
    appendFileSync(stdoutPath, Buffer.alloc(8_000_000));
    await pollUntil(() => near.writableNeedDrain);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(near.writableLength).toBeLessThan(2_000_000);
    end(success);
    far.resume();
    await done;
  });

  it('carry input, its end and what the other side says, in order, and answer how far input was taken', async () => {
    const slow = job({ onStdinTaken: (tell) => (tell(3), () => undefined) });
    const { far, got } = await serve(slow.source);
    far.write(encodeData(frameTypes.stdin, 0, Buffer.from('abc')));
    far.write(encodeData(frameTypes.stdin, 3, Buffer.from('def')));
    far.write(encodeStdinEnd(6));
    far.write(encodeControl({ type: 'signal', signal: 'SIGINT' }));
    far.write(encodeControl({ type: 'delivered', stdout: 5, stderr: 0 }));
    await pollUntil(() => slow.told.length === 2);
    expect(slow.input).toEqual([[0, 'abc'], [3, 'def'], 6]); // prettier-ignore
    expect(slow.told[0]).toEqual({ type: 'signal', signal: 'SIGINT' });
    expect(got.said).toEqual([{ type: 'stdinTaken', offset: 3 }]);
  });

  it.each([
    ['a control frame that is no JSON', encodeFrame(frameTypes.control, Buffer.from('{'))],
    ['an unknown control frame', encodeControl({ type: 'format disk' })],
    ['a data frame without an offset', encodeFrame(frameTypes.stdin, Buffer.from('x'))],
    ['no frame at all', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ])('break off at %s, and the job hears nothing of it', async (_what, bytes) => {
    const { source, input, told } = job();
    const { near, far, done } = await serve(source);
    near.on('error', () => undefined);
    far.write(bytes);
    await done;
    expect(near.destroyed).toBe(true);
    expect([input, told]).toEqual([[], []]);
  });

  it.each(['the other side leaves', 'the channel breaks'])(
    'leave no watcher, no open file and no listener when %s midway',
    async (how) => {
      let listeners = 0;
      const listening = (): (() => void) => {
        listeners += 1;
        return () => (listeners -= 1);
      };
      const { source, stdoutPath, stderrPath } = job({
        onServed: listening,
        onNotice: listening,
        onStdinTaken: listening,
      });
      for (const path of [stdoutPath, stderrPath]) writeFileSync(path, 'some');
      const watchesBefore = watches();
      const { far, near, got, done } = await serve(source);
      await pollUntil(() => got.stdout === 'some' && got.stderr === 'some');
      await pollUntil(() => watches() > watchesBefore);
      expect([openIn(folder).length, listeners]).toEqual([2, 3]);
      if (how === 'the other side leaves') far.end();
      else near.destroy(new Error('ECONNRESET'));
      await done;
      expect([watches(), openIn(folder), listeners]).toEqual([watchesBefore, [], 0]);
      expect(got.said).toEqual([]);
    },
  );

  it('end as one when one of them can not be served, with the reason, and go on by offset through another channel', async () => {
    let listeners = 0;
    const onServed = (): (() => void) => {
      listeners += 1;
      return () => (listeners -= 1);
    };
    const { source, stdoutPath, stderrPath, end } = job({ onServed });
    writeFileSync(stdoutPath, 'a long line');
    writeFileSync(stderrPath, 'trouble');
    const { got, far, done } = await serve(source);
    await pollUntil(() => got.stdout === 'a long line' && got.stderr === 'trouble');
    truncateSync(stdoutPath, 3);
    const reason = await done;
    expect(reason).toMatch(/became shorter \(3 bytes\)/);
    await pollUntil(() => got.said.length === 1);
    expect(got.said).toEqual([{ type: 'broken', reason }]);
    expect([far.destroyed, listeners, openIn(folder)]).toEqual([false, 0, []]);
    appendFileSync(stderrPath, ' and more');
    const again = await serve(source, got.at);
    await pollUntil(() => again.got.stderr === ' and more');
    end(success);
    expect(await again.done).toBe(null);
    await pollUntil(() => again.got.said.length === 1);
    expect(again.got.said).toMatchObject([{ type: 'ended' }]);
  });

  it.each([
    ['how the job ended can not be read', () => ({ ended: failed() })],
    ['its input can not be written', () => ({ takeStdin: failed })],
  ])('say that %s', async (_what, change) => {
    const { source, stdoutPath } = job(change());
    writeFileSync(stdoutPath, 'some');
    const { got, far, done } = await serve(source);
    far.write(encodeData(frameTypes.stdin, 0, Buffer.from('x')));
    expect(await done).toBe('a bad block');
    await pollUntil(() => got.said.length === 1);
    expect(got.said).toEqual([{ type: 'broken', reason: 'a bad block' }]);
  });

  it('leave nothing behind either when they ended', async () => {
    const { source, stdoutPath, end } = job();
    writeFileSync(stdoutPath, 'some');
    const watchesBefore = watches();
    const { got, done } = await serve(source);
    await pollUntil(() => got.stdout === 'some');
    end(success);
    await done;
    expect([watches(), openIn(folder)]).toEqual([watchesBefore, []]);
  });
});

function failed(): Promise<never> {
  const failing = Promise.reject(new Error('a bad block'));
  failing.catch(() => undefined);
  return failing;
}

/** What the kernel watches for this process. */
function watches(): number {
  const infos = readdirSync('/proc/self/fdinfo').map((fd) => {
    try {
      return readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8');
    } catch {
      return '';
    }
  });
  return infos.join('').split('inotify wd:').length - 1;
}

function openIn(folder: string): readonly string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return path.startsWith(folder) ? [path] : [];
    } catch {
      return [];
    }
  });
}
