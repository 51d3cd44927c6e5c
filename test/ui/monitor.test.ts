import { afterEach, describe, expect, test } from 'vitest';
import { aJob, aMove, aSnapshot, sixNodes } from './cluster-fixture.js';
import { openMonitor, type HarnessOptions } from './monitor-harness.js';

const snapshot = aSnapshot(sixNodes(), [aJob(1), aJob(2)]);
const open: ReturnType<typeof openMonitor>[] = [];
const start = (options: Partial<HarnessOptions> = {}): ReturnType<typeof openMonitor> => {
  const monitor = openMonitor({ columns: 80, rows: 24, ...options });
  open.push(monitor);
  return monitor;
};
afterEach(async () => {
  for (const monitor of open.splice(0)) await monitor.quit().catch(() => undefined);
});

describe('the monitor', () => {
  test.each([
    ['q', 0],
    ['\u0003', 130],
  ])('%j ends it with code %i, and gives the terminal back', async (key, code) => {
    const monitor = start();
    monitor.feed.put(snapshot);
    await monitor.frameWith('pc-1');
    monitor.press(key);
    expect(await monitor.exitCode).toBe(code);
    await monitor.frame();
    expect(monitor.terminal.buffer.active.type).toBe('normal');
    expect(monitor.written.join('')).toMatch(/\u001b\[\?25h[^]*$/);
    expect(monitor.rawModes.at(-1)).toBe(false);
    expect(monitor.feed.isClosed()).toBe(true);
  });

  test('ends when nobody can type any more', async () => {
    const monitor = start();
    monitor.feed.put(snapshot);
    await monitor.frameWith('pc-1');
    monitor.hangUp();
    expect(await monitor.exitCode).toBe(0);
  });

  test('leaves no listener of a signal behind', async () => {
    const signals = [
      'SIGTERM',
      'SIGHUP',
      'SIGINT',
      'SIGTSTP',
      'SIGCONT',
      'exit',
      'uncaughtException',
    ] as const;
    const count = (): readonly number[] => signals.map((signal) => process.listenerCount(signal));
    const before = count();
    const monitor = start();
    await monitor.frameWith('asking the nodes');
    expect(count()).not.toEqual(before);
    await monitor.quit();
    expect(count()).toEqual(before);
    expect(monitor.listeners()).toEqual({ data: 0, end: 0, close: 0, resize: 0 });
  });

  test('sends the job where the user says and shows what became of it', async () => {
    const monitor = start({
      settings: { showJobs: true },
      answer: { kind: 'info', text: '1-2: 1 -> 3, stood still 0.8 s' },
    });
    monitor.feed.put(snapshot);
    await monitor.frameWith('1-2');
    monitor.press('\u001b[B');
    await monitor.frameWith(/▸ 1-2/);
    monitor.press('g');
    await monitor.frameWith('send 1-2 to node _');
    monitor.press('3\r');
    await monitor.frameWith('1-2: 1 -> 3, stood still 0.8 s');
    expect(monitor.feed.migrations).toEqual([{ job: '1-2', to: 3 }]);
    monitor.press('j');
    await monitor.frameWith((frame) => !frame.includes('stood still') && frame.includes('0.97'));
  });

  test('a long reason is shown in two lines where there is room', async () => {
    const reason =
      'criu: its memory is shared with a process outside the job; app: it has no checkpoint signal; restart: not allowed';
    const monitor = start({
      settings: { showJobs: true },
      answer: { kind: 'problem', text: `1-1 stays on node 1: ${reason}` },
    });
    monitor.feed.put(aSnapshot(sixNodes(), [aJob(1, { cantmove: reason.split('; ') })]));
    await monitor.frameWith(/can't move: criu: .*\n +.*restart: not allowed/);
    monitor.press('gh');
    const frame = await monitor.frameWith(/1-1 stays on node 1: criu.*\n.*restart: not allowed$/);
    expect(frame.split('\n')).toHaveLength(23);
  });

  test('shows moves as they happen', async () => {
    const monitor = start({ settings: { showJobs: true } });
    monitor.feed.put(snapshot);
    await monitor.frameWith('none yet');
    monitor.feed.put(
      aSnapshot(sixNodes(), [aJob(1, { nmigs: 1, where: 3, lastMove: aMove(1, 3, 7_000) }), aJob(2)]),
    );
    await monitor.frameWith(/1-1 +1 → 3 +balance the load +0\.8 s, 34 MiB/);
  });

  test('says why no news come, until they come again', async () => {
    const monitor = start();
    monitor.feed.put(snapshot);
    await monitor.frameWith('pc-1');
    monitor.feed.trouble('mosd has ended; starting it again');
    await monitor.frameWith('mosd has ended; starting it again');
    monitor.feed.put(snapshot);
    await monitor.frameWith((frame) => !frame.includes('mosd has ended') && frame.includes('q quit'));
  });

  test('a source that fails ends it with its error, after the terminal was given back', async () => {
    const monitor = start();
    const failed = expect(monitor.exitCode).rejects.toThrow('no such map');
    await monitor.frameWith('asking the nodes');
    monitor.feed.fail(new Error('no such map'));
    await failed;
    await monitor.frame();
    expect(monitor.terminal.buffer.active.type).toBe('normal');
  });

  test('NO_COLOR: not one colour is written, and everything is still told apart', async () => {
    const monitor = start({ env: { NO_COLOR: '1' }, settings: { showJobs: true, showDead: true } });
    monitor.feed.put(
      aSnapshot(sixNodes(), [aJob(1, { state: 'moving', moving: { to: 3, step: 'x' } }), aJob(2)]),
    );
    await monitor.frameWith('▸ 1-1');
    const codes = [...monitor.written.join('').matchAll(/\u001b\[([\d;]*)m/g)].flatMap(([, codes = '']) =>
      codes.split(';'),
    );
    expect(new Set(codes.filter((code) => !['0', '1', '2', '7', '22', '27', ''].includes(code)))).toEqual(
      new Set(),
    );
  });

  test('draws at most four times a second, whatever comes, and writes nothing when nothing changes', async () => {
    const monitor = start();
    monitor.feed.put(snapshot);
    await monitor.frameWith('pc-1');
    const before = monitor.written.length;
    const from = Date.now();
    for (let i = 0; i < 200; i++) {
      monitor.feed.put(aSnapshot(sixNodes().map((node) => ({ ...node, name: `n${i}` }))));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const quarters = (Date.now() - from) / 250;
    expect(monitor.written.length - before).toBeLessThanOrEqual(quarters + 2);
    await monitor.frameWith('n199');
    const quiet = monitor.written.length;
    monitor.feed.put(aSnapshot(sixNodes().map((node) => ({ ...node, name: 'n199' }))));
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(monitor.written.length).toBe(quiet);
  });

  test('after a resize the whole screen is drawn for the new size', async () => {
    const monitor = start();
    monitor.feed.put(snapshot);
    await monitor.frameWith('pc-1');
    for (const [columns, rows] of [
      [50, 12],
      [132, 50],
      [40, 10],
      [80, 24],
    ] as const) {
      monitor.resize(columns, rows);
      const frame = await monitor.frameWith((text) => {
        const lines = text.split('\n');
        return (
          lines.length >= rows - 1 && lines.some((line) => line.includes('┼─') && line.length > columns - 3)
        );
      });
      expect(frame.split('\n').length).toBe(rows - 1);
      expect(Math.max(...frame.split('\n').map((line) => line.length))).toBeLessThanOrEqual(columns);
    }
  });
});
