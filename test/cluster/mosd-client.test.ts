import {
  chownSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connectMosd, tryConnectMosd } from '../../src/cluster/mosd-client.js';
import { resolvePaths } from '../../src/paths.js';
import { magic } from '../../src/protocol/handshake.js';
import { version } from '../../src/version.js';
import { startStandIn, type StandIn } from '../commands/stand-in-mosd.js';

let folder: string;
let env: NodeJS.ProcessEnv;
const cleanups: (() => unknown)[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'moskit-client-'));
  env = { ...process.env, MOSKIT_DIR: folder };
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  rmSync(folder, { recursive: true, force: true });
});

async function standIn(...given: Parameters<typeof startStandIn>): Promise<StandIn> {
  const started = await startStandIn(...given);
  cleanups.push(() => started.close());
  return started;
}

/** A mosd of the test's own making; it runs as `node PROGRAM mosd`. */
function program(text: string): string {
  const path = join(folder, 'program.mjs');
  writeFileSync(path, text);
  return path;
}

async function listenWith(onLine: (text: string) => string): Promise<void> {
  const server: Server = createServer((stream) => {
    stream.on('error', () => undefined);
    stream.on('data', (chunk: Buffer) => stream.write(onLine(chunk.toString())));
  });
  await new Promise<void>((resolve) => server.listen(resolvePaths(env).socket, resolve));
  cleanups.push(() => new Promise((resolve) => server.close(resolve)));
}

const greeting = (): string => `${magic}${JSON.stringify({ protocol: 1, version, role: 'mosd' })}\n`;

describe('a mosd that runs', () => {
  test('answers typed requests', async () => {
    const mosd = await standIn({ jobs: () => [] });
    const client = await connectMosd({ start: false, env: mosd.env });
    expect(await client.request('ping', {})).toMatchObject({ node: 1 });
    expect(await client.request('jobs', { all: true })).toEqual([]);
    expect(mosd.asked.at(-1)).toEqual({ method: 'jobs', params: { all: true } });
    client.close();
    expect(await client.closed).toBeUndefined();
  });

  test('sends its own errors, with their kind and hint', async () => {
    const mosd = await standIn({});
    const client = await connectMosd({ start: false, env: mosd.env });
    cleanups.push(() => client.close());
    await expect(client.request('why', { job: '1-1' })).rejects.toThrow(
      "the stand-in has no answer to 'why'",
    );
  });

  test('that does not answer is given up after the time given', async () => {
    const mosd = await standIn({ status: () => new Promise(() => undefined) });
    const client = await connectMosd({ start: false, env: mosd.env });
    cleanups.push(() => client.close());
    const asked = client.request('status', { fresh: true }, { timeoutMs: 50 });
    await expect(asked).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining("'status'") as unknown,
    });
  });

  test('that ends fails what was asked and settles closed', async () => {
    const mosd = await startStandIn({ status: () => new Promise(() => undefined) });
    const client = await connectMosd({ start: false, env: mosd.env });
    const asked = client.request('status', { fresh: true });
    const failed = expect(asked).rejects.toMatchObject({ code: 'unreachable' });
    await mosd.close();
    await failed;
    await client.closed;
  });
});

describe('no mosd', () => {
  test('is an answer when none is to be started', async () => {
    expect(await tryConnectMosd({ start: false, env })).toBeNull();
    await expect(connectMosd({ start: false, env })).rejects.toMatchObject({ exitCode: 3 });
  });

  test('also where one died and left its socket behind', async () => {
    const { socket } = resolvePaths(env);
    const dead = program(
      `import net from 'node:net'; net.createServer().listen(${JSON.stringify(socket)}, () => process.kill(process.pid, 'SIGKILL'));`,
    );
    const { spawnSync } = await import('node:child_process');
    spawnSync(process.execPath, [dead]);
    expect(existsSync(socket)).toBe(true);
    expect(await tryConnectMosd({ start: false, env })).toBeNull();
  });
});

describe('starting mosd on demand', () => {
  test('waits for its socket, and gives it a log of its own that only the user can read', async () => {
    const { socket, log } = resolvePaths(env);
    const path = program(`
      import net from 'node:net';
      console.log('hello log', process.argv[2], process.cwd());
      setTimeout(() => {
        const server = net.createServer((s) => {
          s.on('error', () => {});
          s.write(${JSON.stringify(magic)} + JSON.stringify({ protocol: 1, version: process.env.VERSION, role: 'mosd' }) + '\\n');
          let first = true;
          s.on('data', (d) => { for (const line of d.toString().split('\\n')) { let m; try { m = JSON.parse(line) } catch { continue }
            if (m.id) s.write(JSON.stringify({ id: m.id, result: { pid: process.pid, node: 0, version: 'x' } }) + '\\n'); } });
          s.on('close', () => process.exit());
        }).listen(${JSON.stringify(socket)});
      }, 300);
    `);
    const client = await connectMosd({
      start: true,
      env: { ...env, MOSKIT_PROGRAM: path, VERSION: version },
    });
    const { pid } = await client.request('ping', {});
    expect(pid).not.toBe(process.pid);
    expect(readFileSync(log, 'utf8')).toBe('hello log mosd /\n');
    expect(statSync(log).mode & 0o777).toBe(0o600);
    client.close();
  });

  test('says how it ended and its last words when it does not start', async () => {
    const path = program(
      "console.error('first'); console.error('the map is of a newer version'); process.exit(7);",
    );
    const started = connectMosd({ start: true, env: { ...env, MOSKIT_PROGRAM: path } });
    await expect(started).rejects.toMatchObject({
      message:
        'mosd did not start: ended with exit code 7; its last words:\nfirst\nthe map is of a newer version',
      hint: `its log is ${resolvePaths(env).log}`,
    });
  });

  test('waits for the other one when the one it started found that another was quicker', async () => {
    const path = program('process.exit(4)');
    const started = connectMosd({ start: true, env: { ...env, MOSKIT_PROGRAM: path } });
    setTimeout(() => void listenWith(greeting), 500);
    const client = await started;
    expect(client.hello.role).toBe('mosd');
    client.close();
  });

  test('does not repeat the last words of earlier ones', async () => {
    writeFileSync(resolvePaths(env).log, 'words of yesterday\n');
    const path = program('process.exit(1)');
    const started = connectMosd({ start: true, env: { ...env, MOSKIT_PROGRAM: path } });
    await expect(started).rejects.toThrow(/^mosd did not start: ended with exit code 1$/);
  });

  test('gives up on one that runs but never listens', async () => {
    const path = program('setTimeout(() => {}, 3000)');
    const started = connectMosd({ start: true, timeoutMs: 400, env: { ...env, MOSKIT_PROGRAM: path } });
    await expect(started).rejects.toThrow(/does not listen on .*mosd\.sock after 0\.4 s/);
  });

  test('writes nothing through a link that stands in the place of its log', async () => {
    const other = join(folder, 'other');
    writeFileSync(other, 'untouched');
    symlinkSync(other, resolvePaths(env).log);
    const path = program("console.log('words'); process.exit(1)");
    const started = connectMosd({ start: true, env: { ...env, MOSKIT_PROGRAM: path } });
    await expect(started).rejects.toThrow(/cannot write mosd's log .*ELOOP/);
    expect(readFileSync(other, 'utf8')).toBe('untouched');
  });

  test.runIf(process.getuid?.() === 0)("writes nothing in a folder that is somebody else's", async () => {
    chownSync(folder, 65534, 65534);
    const path = program("console.log('words'); process.exit(1)");
    const started = connectMosd({ start: true, env: { ...env, MOSKIT_PROGRAM: path } });
    await expect(started).rejects.toThrow(/can't be used: it belongs to user 65534, not to 0/);
    expect(existsSync(resolvePaths(env).log)).toBe(false);
  });

  test('a program that is not there is said to be missing', async () => {
    const started = connectMosd({ start: true, env: { ...env, MOSKIT_PROGRAM: join(folder, 'gone.mjs') } });
    await expect(started).rejects.toThrow(/mosd can't be started: .*gone\.mjs is missing/);
  });
});

describe('what is not our mosd', () => {
  test('one that is killed while it is greeted is followed by its successor', async () => {
    let connections = 0;
    const server = createServer((stream) => {
      stream.on('error', () => undefined);
      connections += 1;
      if (connections === 1) stream.destroy();
      else stream.resume().write(greeting());
    });
    await new Promise<void>((resolve) => server.listen(resolvePaths(env).socket, resolve));
    cleanups.push(() => new Promise((resolve) => server.close(resolve)));
    const client = await connectMosd({ start: false, env });
    expect(connections).toBe(2);
    // One that breaks off in the middle of a job's streams is gone as well, and not of another version.
    server.removeAllListeners('connection').on('connection', (stream) => stream.destroy());
    const io = {
      open: 'io',
      job: '1-1',
      cluster: null,
      stdoutOffset: 0,
      stderrOffset: 0,
      deputy: null,
    } as const;
    await expect(client.openIo(io)).rejects.toMatchObject({ code: 'unreachable' });
    client.close();
  });

  test('one of another version is not talked to, but can still be stopped', async () => {
    await listenWith(() => `${magic}${JSON.stringify({ protocol: 1, version: '0.0.1', role: 'mosd' })}\n`);
    await expect(connectMosd({ start: false, env })).rejects.toMatchObject({
      message: expect.stringMatching(/^mosd of moskit 0\.0\.1 runs here, this is moskit /) as unknown,
      hint: expect.stringContaining('moskit stop') as unknown,
    });
    const client = await connectMosd({ start: false, env, anyVersion: true });
    expect(client.hello.version).toBe('0.0.1');
    client.close();
  });

  test('one of another protocol neither', async () => {
    await listenWith(() => `${magic}${JSON.stringify({ protocol: 99, version: '9.0.0', role: 'mosd' })}\n`);
    await expect(connectMosd({ start: false, env })).rejects.toMatchObject({
      message: expect.stringContaining('protocol 99') as unknown,
      hint: expect.stringContaining('moskit stop') as unknown,
    });
  });

  test('a socket that greets with something else, or not at all, ends within the time given', async () => {
    await listenWith(() => 'SSH-2.0-other\r\n');
    await expect(connectMosd({ start: false, env, timeoutMs: 300 })).rejects.toThrow(
      /it said: SSH-2\.0-other|no answer/,
    );
  });

  test.runIf(process.getuid?.() === 0)("somebody else's socket is refused", async () => {
    await listenWith(() => '');
    chownSync(resolvePaths(env).socket, 65534, 65534);
    await expect(connectMosd({ start: false, env })).rejects.toMatchObject({
      message: expect.stringContaining('belongs to user 65534, not to you') as unknown,
    });
  });

  test('a file in the place of the socket is named', async () => {
    writeFileSync(resolvePaths(env).socket, '');
    await expect(connectMosd({ start: true, env })).rejects.toThrow(/mosd\.sock is no socket/);
  });
});
