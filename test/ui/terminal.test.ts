import { build, type Plugin } from 'esbuild';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { noPty, openPty, processState, type Pty } from './pty.js';

/** The monitor as a program of its own, on a real terminal: what only the system can show. */
const folder = mkdtempSync(join(tmpdir(), 'mosmon-test-'));
const program = join(folder, 'monitor.mjs');
const pidFile = join(folder, 'pid');
const size = { columns: 80, rows: 24 };
const open: Pty[] = [];

const withoutDevtools: Plugin = {
  name: 'without-devtools',
  setup: (building) => {
    building.onResolve({ filter: /^react-devtools-core$/ }, ({ path }) => ({ path, namespace: 'empty' }));
    building.onLoad({ filter: /.*/, namespace: 'empty' }, () => ({ contents: 'export default {}' }));
  },
};

beforeAll(async () => {
  await build({
    entryPoints: [new URL('monitor-program.ts', import.meta.url).pathname],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
    plugins: [withoutDevtools],
    banner: {
      js: "import { createRequire as own } from 'node:module'; const require = own(import.meta.url);",
    },
    logLevel: 'error',
  });
});
afterEach(async () => {
  for (const pty of open.splice(0)) await pty.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Starts it below a shell that says afterwards how it ended and in which mode the terminal is. */
function start(words = '', env: NodeJS.ProcessEnv = {}): Pty {
  const run = `sh -c 'echo $$ > ${pidFile}; exec ${process.execPath} ${program} 6 8 ${words}'`;
  const pty = openPty(`echo before; ${run}; echo "ended $?"; stty -a; sleep 60`, size, environment(env));
  open.push(pty);
  return pty;
}

function environment(more: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], LANG: 'C.UTF-8', TERM: 'xterm-256color', ...more };
}

const pidOf = (): number => Number(readFileSync(pidFile, 'utf8'));

/** Everything is as it was: the normal screen with its text, a cursor, lines and echo. */
async function expectRestored(pty: Pty, code: number): Promise<void> {
  await pty.shows(`ended ${code}`);
  await pty.shows('before');
  await pty.shows(/ icanon /);
  await pty.shows(/ echo /);
  expect(await pty.isAlternate()).toBe(false);
  expect(pty.output().lastIndexOf('\u001b[?25h')).toBeGreaterThan(pty.output().lastIndexOf('\u001b[?25l'));
  expect(pty.output().lastIndexOf('\u001b[?7h')).toBeGreaterThan(pty.output().lastIndexOf('\u001b[?7l'));
}

describe.skipIf(noPty !== null)(`on a real terminal${noPty === null ? '' : ` (skipped: ${noPty})`}`, () => {
  test('q: the alternate screen was used and is left', async () => {
    const pty = start();
    await pty.shows('pc-6');
    expect(await pty.isAlternate()).toBe(true);
    pty.type('j');
    await pty.shows('jobs 8');
    pty.type('q');
    await expectRestored(pty, 0);
  });

  test('Ctrl-C', async () => {
    const pty = start();
    await pty.shows('pc-6');
    pty.type('\u0003');
    await expectRestored(pty, 130);
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGINT', 130],
  ] as const)('%s', async (signal, code) => {
    const pty = start();
    await pty.shows('pc-6');
    process.kill(pidOf(), signal);
    await expectRestored(pty, code);
  });

  test('an error nobody expected: first the screen is left, then it is printed', async () => {
    const pty = start('fail=yes');
    await pty.shows('pc-6');
    pty.type('j');
    await pty.shows('1-1');
    pty.type('gh');
    await expectRestored(pty, 1);
    expect(pty.output().indexOf('Error: a bug')).toBeGreaterThan(pty.output().lastIndexOf('\u001b[?1049l'));
  });

  test('the terminal goes away: it ends', async () => {
    const pty = start();
    await pty.shows('pc-6');
    const pid = pidOf();
    pty.child.kill('SIGKILL');
    await pty.until('its end', () => processState(pid) === null);
  });

  test('Ctrl-Z stops it on the normal screen, fg brings it back', async () => {
    const pty = openPty('PS1="ready> " sh -i', size, environment({ ENV: '' }));
    open.push(pty);
    await pty.shows('ready>');
    pty.type(`${process.execPath} ${program} 6 8\n`);
    await pty.shows('pc-6');
    pty.type('\u001a');
    await pty.shows('Stopped');
    expect(await pty.isAlternate()).toBe(false);
    pty.type('stty -a\n');
    await pty.shows(/ icanon /);
    pty.type('fg\n');
    await pty.shows('pc-6');
    expect(await pty.isAlternate()).toBe(true);
    pty.type('j');
    await pty.shows('jobs 8');
    pty.type('q');
    await pty.shows('ready>');
    expect(await pty.isAlternate()).toBe(false);
  });

  test('SIGTSTP where no shell could continue it: it comes back by itself', async () => {
    const pty = start();
    await pty.shows('pc-6');
    process.kill(pidOf(), 'SIGTSTP');
    await pty.until(
      'the screen left and taken again',
      () => pty.output().split('\u001b[?1049h').length === 3,
    );
    await pty.shows('pc-6');
    pty.type('q');
    await expectRestored(pty, 0);
  });

  test('a stop and a continuation from outside repaint the screen', async () => {
    const pty = start();
    await pty.shows('pc-6');
    const pid = pidOf();
    process.kill(pid, 'SIGSTOP');
    await pty.until('it to stop', () => processState(pid) === 'T');
    pty.terminal.write('\u001b[2J');
    process.kill(pid, 'SIGCONT');
    await pty.shows('pc-6');
  });

  test('it is drawn although CI is set', async () => {
    const pty = start('', { CI: 'true' });
    await pty.shows('pc-6');
  });
});
