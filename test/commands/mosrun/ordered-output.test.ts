import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { OrderedOutput } from '../../../src/commands/mosrun/ordered-output.js';
import { pollUntil } from '../../poll-until.js';
import { canMount, smallDisk } from '../../state/temp-folder.js';

const quiet = (): void => undefined;
const whole = Buffer.from(Array.from({ length: 400 }, (_, i) => i % 256));

describe('output of a job', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'output-'));
    path = join(folder, 'out');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const opened = (flags: string): number => {
    const fd = openSync(path, flags);
    onTestFinished(() => closeSync(fd));
    return fd;
  };

  it('is written once and in order, whatever is repeated after a broken link', async () => {
    const pieces = fc.array(fc.record({ back: fc.nat(60), size: fc.nat(50) }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(pieces, async (steps) => {
        const fd = openSync(path, 'w');
        try {
          const output = new OrderedOutput(fd, 0, quiet);
          for (const { back, size } of steps) {
            const from = Math.max(0, output.written - back);
            await output.write(from, whole.subarray(from, from + size));
          }
          await output.write(output.written, whole.subarray(output.written));
          expect(output.written).toBe(whole.length);
          expect(readFileSync(path).equals(whole)).toBe(true);
        } finally {
          closeSync(fd);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('goes on from where another deputy had written', async () => {
    const output = new OrderedOutput(opened('w'), 0, quiet);
    await output.write(100, whole.subarray(100, 110));
    expect(output.written).toBe(110);
    await output.write(90, whole.subarray(90, 120));
    expect(output.written).toBe(120);
    expect(readFileSync(path).equals(whole.subarray(100, 120))).toBe(true);
  });

  it('comes out whole through a pipe that is full for a while, and the event loop goes on meanwhile', async () => {
    const { reader, fd } = fullablePipe('sleep 0.3; exec cat');
    const output = new OrderedOutput(fd, 0, quiet);
    const bytes = Buffer.alloc(1024 * 1024, 'x');
    let ticks = 0;
    const ticker = setInterval(() => (ticks += 1), 5);
    await output.write(0, bytes);
    clearInterval(ticker);
    expect(ticks).toBeGreaterThan(5);
    expect(output).toMatchObject({ written: bytes.length, isBroken: false });
    reader.kill();
  });

  it('that nobody reads any more is dropped, and counts as written', async () => {
    const { reader, fd } = fullablePipe('exec sleep 60 <&-');
    const output = new OrderedOutput(fd, 0, quiet);
    await pollUntil(async () => {
      await output.write(output.written, Buffer.from('more'));
      return output.isBroken;
    });
    const before = output.written;
    await output.write(before, Buffer.from('unheard'));
    expect(output.written).toBe(before + 7);
    reader.kill();
  });

  describe.runIf(canMount)('into a file on a full disk (a tmpfs, root only)', () => {
    const block = Buffer.alloc(100 * 1024, 'x');
    const onFullDisk = async (): Promise<{ output: OrderedOutput; notes: string[]; disk: string }> => {
      const disk = await smallDisk(64);
      const fd = openSync(join(disk, 'out'), 'w');
      onTestFinished(() => closeSync(fd));
      writeFileSync(join(disk, 'filler'), Buffer.alloc(48 * 1024));
      const notes: string[] = [];
      return { output: new OrderedOutput(fd, 0, (text) => notes.push(text)), notes, disk };
    };

    it('waits, says so once, and is whole when there is room', async () => {
      const { output, notes, disk } = await onFullDisk();
      const wrote = output.write(0, block.subarray(0, 60 * 1024));
      await pollUntil(() => notes.length > 0);
      expect(output.written).toBe(0);
      rmSync(join(disk, 'filler'));
      await wrote;
      expect(readFileSync(join(disk, 'out'))).toEqual(block.subarray(0, 60 * 1024));
      expect(notes).toEqual([expect.stringContaining('no space is left') as unknown]);
    });

    it('waits no longer once the user wants an end', async () => {
      const { output, notes } = await onFullDisk();
      const wrote = output.write(0, block);
      wrote.catch(() => undefined);
      await pollUntil(() => notes.length > 0);
      output.giveUp();
      await expect(wrote).rejects.toThrow('no space is left');
    });
  });

  it('into a device that never has room is an error at once', async () => {
    const fd = openSync('/dev/full', 'w');
    onTestFinished(() => closeSync(fd));
    await expect(new OrderedOutput(fd, 0, quiet).write(0, whole)).rejects.toThrow('ENOSPC');
  });

  /** The writing end of a pipe whose other end a shell has. */
  function fullablePipe(script: string): { reader: ReturnType<typeof spawn>; fd: number } {
    const reader = spawn('sh', ['-c', script], { stdio: ['pipe', 'ignore', 'inherit'] });
    onTestFinished(() => void reader.kill('SIGKILL'));
    // A descriptor of our own on what Node.js has given the child; it does not block, as a deputy's stdout may not.
    const { fd } = (reader.stdin as unknown as { _handle: { fd: number } })._handle;
    return { reader, fd };
  }
});
