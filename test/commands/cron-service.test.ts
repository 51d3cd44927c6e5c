import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemdUnit } from '../../src/core/service-unit.js';
import { emptyMap } from '../../src/core/map-empty.js';
import { runTool, type ToolRun } from './run-tool.js';
import { startStandIn } from './stand-in-mosd.js';

let folder: string;
let env: NodeJS.ProcessEnv;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'moskit-cron-'));
  env = { ...process.env, MOSKIT_DIR: join(folder, 'a b'), HOME: folder, MOSKIT_ROOT: folder };
  delete env['XDG_RUNTIME_DIR'];
  delete env['XDG_STATE_HOME'];
  delete env['XDG_CONFIG_HOME'];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const run = (line: string): Promise<ToolRun> => runTool(['mosctl', ...line.split(' ')], { env });

function program(name: string, script: string): void {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, name), `#!/bin/sh\n${script}`);
  chmodSync(join(bin, name), 0o755);
  env = { ...env, PATH: `${bin}:${process.env['PATH'] ?? ''}` };
}

describe('mosctl cron with a stand-in crontab', () => {
  const table = (): string => join(folder, 'table');
  beforeEach(() =>
    program(
      'crontab',
      `case $1 in
-l) test -f ${folder}/table || { echo "no crontab for me" >&2; exit 1; }; cat ${folder}/table ;;
-r) rm ${folder}/table ;;
-) cat >${folder}/new; if grep -q REFUSE ${folder}/new; then echo "bad minute" >&2; exit 1; fi; mv ${folder}/new ${folder}/table ;;
esac
`,
    ),
  );

  test('adds one line, which runs as it stands, and takes it away without a trace', async () => {
    const others = Buffer.from('MAILTO=me\n\n# caf\xe9 \x80\n0 1 * * * echo 50\\% >/dev/null\n', 'latin1');
    writeFileSync(table(), others);
    const { code, stdout } = await run('cron install --every 15m');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^\*\/15 \* \* \* \* MOSKIT_DIR='.*a b' .* mosctl rebalance >\/dev\/null # moskit rebalance\n$/,
    );
    expect(readFileSync(table())).toEqual(Buffer.concat([Buffer.from(stdout), others]));
    await run('cron install --every 15m');
    expect(readFileSync(table())).toEqual(Buffer.concat([Buffer.from(stdout), others]));
    const shell = stdout.trimEnd().split(' ').slice(5).join(' ');
    expect(spawnSync('sh', ['-c', shell]).stderr.toString()).toContain('This is not openMosix!');
    expect(await run('cron status')).toMatchObject({ code: 0, stdout });
    expect(await run('cron remove')).toMatchObject({ code: 0, stdout: 'removed\n' });
    expect(readFileSync(table())).toEqual(others);
    expect(await run('cron status')).toMatchObject({ code: 1, stdout: 'not installed\n' });
  });

  test('leaves no empty table where there was none', async () => {
    await run('cron install');
    expect(readFileSync(table(), 'utf8')).toMatch(/^\*\/5 /);
    await run('cron remove');
    expect(existsSync(table())).toBe(false);
    expect(await run('cron remove')).toMatchObject({ code: 0, stdout: 'there was none\n' });
  });

  test('says what crontab says, and changes nothing', async () => {
    writeFileSync(table(), '# REFUSE\n');
    const { code, stderr } = await run('cron install');
    expect([code, stderr]).toEqual([1, expect.stringContaining('bad minute')]);
    expect(readFileSync(table(), 'utf8')).toBe('# REFUSE\n');
  });

  test.each([
    ['cron', 2, 'too few arguments'],
    ['cron start', 2, "'start' is none of"],
    ['cron install --every 7m', 2, "can't do it every '7m'"],
    ['cron install --every never', 2, "can't do it every 'never'"],
    ['cron remove --every 5m', 2, '--every belongs to install'],
  ])('%s is refused', async (line, code, words) => {
    expect(await run(line)).toMatchObject({ code, stderr: expect.stringContaining(words) as unknown });
    expect(existsSync(table())).toBe(false);
  });
});

test('mosctl cron without crontab says so', async () => {
  env = { ...env, PATH: folder };
  expect(await run('cron install')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('there is no crontab here') as unknown,
  });
});

const hasRealCrontab = process.getuid?.() === 0 && spawnSync('sh', ['-c', 'command -v crontab']).status === 0;
test.runIf(hasRealCrontab)('mosctl cron with the real crontab: all bytes are as before', async () => {
  const before = spawnSync('crontab', ['-l']);
  try {
    expect(await run('cron install --every 6h')).toMatchObject({ code: 0, stderr: '' });
    expect(execFileSync('crontab', ['-l']).toString('latin1')).toContain('# moskit rebalance\n');
  } finally {
    expect(await run('cron remove')).toMatchObject({ code: 0 });
  }
  const after = spawnSync('crontab', ['-l']);
  expect([after.status, after.stdout]).toEqual([before.status, before.stdout]);
});

describe('mosctl service', () => {
  const isRoot = process.getuid?.() === 0;
  const calls = (): string => readFileSync(join(folder, 'calls'), 'utf8');
  const withSystemd = (): void => {
    mkdirSync(join(folder, 'run/systemd/system'), { recursive: true });
    program('systemctl', `echo "$*" >>${folder}/calls\n`);
  };

  test('with systemd is a unit, enabled, and gone again', async () => {
    withSystemd();
    const { code, stdout } = await run('service install');
    expect(code).toBe(0);
    const path = stdout.trim().replace(/^\w+ unit /, '');
    const unit = readFileSync(path, 'utf8');
    expect(unit).toMatch(/ExecStart=.* mosctl service start\nExecStop=.* mosctl service stop\n/);
    expect(unit).toContain(`Environment="MOSKIT_DIR=${folder}/a b"\n`);
    expect(calls()).toMatch(/daemon-reload\n.*enable moskit\.service\n/);
    expect(await run('service status')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(path) as unknown,
    });
    expect((await run('service remove')).code).toBe(0);
    expect(existsSync(path)).toBe(false);
    expect(calls()).toMatch(/disable moskit\.service\n.*daemon-reload\n$/);
    expect(await run('service status')).toMatchObject({ code: 1 });
  });

  test.runIf(isRoot)('without systemd is an init script in every runlevel, and gone again', async () => {
    expect((await run('service install')).code).toBe(0);
    const path = join(folder, 'etc/init.d/moskit');
    expect(statSync(path).mode & 0o777).toBe(0o755);
    expect(spawnSync('sh', ['-n', path]).status).toBe(0);
    expect(readFileSync(join(folder, 'etc/rc6.d/K01moskit'), 'utf8')).toBe(readFileSync(path, 'utf8'));
    expect(spawnSync(path, ['frobnicate']).status).toBe(2);
    expect(spawnSync(path, ['status'], { env }).stdout.toString()).toContain('mosd does not run');
    await run('service remove');
    expect(readdirSync(join(folder, 'etc/init.d'))).toEqual([]);
    expect(readdirSync(join(folder, 'etc/rc2.d'))).toEqual([]);
  });

  const verifies = spawnSync('sh', ['-c', 'command -v systemd-analyze']).status === 0;
  test.runIf(verifies)('has a unit that systemd-analyze verifies, whatever is in its paths', () => {
    for (const isSystem of [true, false]) {
      const path = join(folder, 'moskit.service');
      const text = systemdUnit({
        program: [process.execPath, '/opt/a "b" 50% $HOME\\c/moskit.mjs'],
        env: { MOSKIT_DIR: '/var/a b', XDG_RUNTIME_DIR: '/run/user/0' },
        isSystem,
        uid: 0,
        stopSeconds: 660,
      });
      writeFileSync(path, text);
      const { stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', path], { encoding: 'utf8' });
      expect(stderr.split('\n').filter((line) => line.includes('moskit.service'))).toEqual([]);
      expect(text).toContain('"/opt/a \\"b\\" 50%% $$HOME\\\\c/moskit.mjs"');
    }
  });

  test('stop sends guests home, fetches own jobs and ends mosd; start opens what stop had closed', async () => {
    const admin = { ...emptyMap().admin, mospe: 1, block: 1 } as const;
    const mosd = await startStandIn({
      map: () => ({ ...emptyMap(), admin }),
      expel: () => ({ outcomes: [] }),
      bring: () => ({ outcomes: [{ moved: false, job: '1-7', where: 2, reason: 'it uses io_uring' }] }),
      shutdown: () => ({}),
      setAdmin: ({ admin: change }) => ({ admin: { ...admin, ...change } }),
    });
    try {
      env = mosd.env;
      writeFileSync(join(mosd.folder, 'hpc.json'), '{}');
      const stopped = await run('service stop --timeout 5');
      expect(stopped.code).toBe(4);
      expect(stopped.stderr).toContain('io_uring');
      expect(mosd.asked.map(({ method }) => method)).toEqual(['map', 'expel', 'bring', 'shutdown']);
      expect(mosd.asked[2]?.params).toEqual({ timeoutMs: 5000 });
      expect((await run('service start')).code).toBe(0);
      expect(mosd.asked.at(-1)).toEqual({ method: 'setAdmin', params: { admin: { block: 1, lstay: 0 } } });
      const count = mosd.asked.length;
      await run('service start');
      expect(mosd.asked.length).toBe(count);
    } finally {
      await mosd.close();
    }
  });

  test('stop where no mosd runs has nothing to do', async () => {
    expect(await run('service stop')).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  test.each([
    ['service restart', "'restart' is none of"],
    ['service install --timeout 0', '--timeout goes from 1'],
  ])('%s is refused', async (line, words) => {
    expect(await run(line)).toMatchObject({ code: 2, stderr: expect.stringContaining(words) as unknown });
  });
});
