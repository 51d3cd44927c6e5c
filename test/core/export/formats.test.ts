import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportCluster, type ExportForm } from '../../../src/core/export/formats.js';
import { nodes, snapshot } from './cluster-fixture.js';

const text = (form: ExportForm): string =>
  exportCluster(form, nodes, snapshot, { backend: 'moskit', port: 8080 });

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'moskit-export-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const has = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

/** Lines that are no comment, and the numbers of the nodes in the comments. */
function read(form: ExportForm): { lines: readonly string[]; left: readonly number[] } {
  const lines = text(form).trimEnd().split('\n');
  const comments = lines.filter((line) => line.startsWith('#'));
  return {
    lines: lines.filter((line) => !line.startsWith('#')),
    left: comments.map((line) => Number(/^# node (\d+) \(/.exec(line)?.[1])),
  };
}

describe('mpi', () => {
  it('has the idle processors of each node as its slots; busy, dead and blocked ones are comments', () => {
    expect(read('mpi')).toEqual({
      lines: [
        '10.1.1.100 slots=3',
        'ana@pc-2.example slots=8',
        'fe80::3%eth0 slots=2',
        '2001:db8::7 slots=1',
      ],
      left: [4, 5, 6],
    });
    expect(text('mpi')).toContain('# node 4 (nodo_4): block is set\n# node 5 (10.1.1.104): DEAD\n');
    expect(text('mpi')).toContain('# node 6 (busy): no processor is idle\n');
  });

  it.runIf(has('mpirun'))('is read by mpirun, slot by slot', () => {
    const onlyHere = exportCluster('mpi', [{ node: 1, address: 'localhost', aliases: [] }], snapshot, {
      backend: 'moskit',
      port: 80,
    });
    const path = file('hostfile', `${onlyHere}# node 5 (10.1.1.104): DEAD\n`);
    const run = (count: number) =>
      spawnSync('mpirun', [
        ...['--allow-run-as-root', '--hostfile', path, '-np', String(count)],
        'echo',
        'here',
      ]);
    expect(run(3).stdout.toString()).toBe('here\n'.repeat(3));
    const tooMany = run(4);
    expect(tooMany.status).not.toBe(0);
    expect(tooMany.stderr.toString() + tooMany.stdout.toString()).toMatch(/not enough slots/);
  });
});

describe('parallel', () => {
  it('has this machine as : and the others by their logins', () => {
    expect(read('parallel')).toEqual({
      lines: ['3/:', '8/ana@pc-2.example', '1/[2001:db8::7]'],
      left: [3, 4, 5, 6],
    });
  });

  it.runIf(has('parallel'))('is read by GNU parallel: it calls ssh with just these hosts', () => {
    const ssh = file('ssh', `#!/bin/sh\nprintf '%s\\n' "$*" >>${folder}/calls\necho 8\n`);
    chmodSync(ssh, 0o755);
    const login = file('logins', text('parallel'));
    spawnSync('parallel', ['--sshloginfile', login, '--nonall', 'true'], {
      env: { ...process.env, PARALLEL_SSH: ssh, HOME: folder },
      timeout: 60_000,
    });
    const calls = readFileSync(join(folder, 'calls'), 'utf8');
    expect(calls).toMatch(/-l ana pc-2\.example |ana@pc-2\.example/);
    expect(calls).toMatch(/2001:db8::7/);
    expect(calls).not.toMatch(/busy|nodo_4|10\.1\.1\.104/);
  });
});

describe('pdsh', () => {
  it('lists the nodes that answer', () => {
    expect(read('pdsh').lines).toEqual([
      '10.1.1.100',
      'ana@pc-2.example',
      'fe80::3%eth0',
      'nodo_4',
      'busy',
      '2001:db8::7',
    ]);
  });

  it.runIf(has('pdsh'))('is read by pdsh: it would go to each of them', () => {
    const path = file('hosts', text('pdsh'));
    const { stdout } = spawnSync('pdsh', ['-R', 'ssh', '-Q', '-w', `^${path}`]);
    expect(stdout.toString()).toMatch(/10\.1\.1\.100.*pc-2\.example.*nodo_4/);
    expect(stdout.toString()).not.toMatch(/10\.1\.1\.104|DEAD|#/);
  });
});

describe('ansible', () => {
  it('quotes every text, groups by whether a node answers, and parts the login from the host', () => {
    const inventory = text('ansible');
    for (const line of inventory.trimEnd().split('\n')) {
      expect(line).toMatch(/^( *)[a-z0-9_]+:( ("[^"\\]*"|\d+(\.\d+)?|true|false|\{\}))?$/);
    }
    expect(inventory).toContain('ansible_host: "pc-2.example"\n          ansible_user: "ana"');
    expect(inventory).not.toContain('ansible_host: "ana@');
  });

  it.runIf(has('ansible-inventory'))('is the same to ansible-inventory', () => {
    const path = file('inventory.yml', text('ansible'));
    const listed = JSON.parse(
      execFileSync('ansible-inventory', ['-i', path, '--list'], {
        stdio: ['ignore', 'pipe', 'ignore'],
      }).toString(),
    ) as {
      _meta: { hostvars: Record<string, Record<string, unknown>> };
      moskit_up: { hosts: string[] };
      moskit_down: { hosts: string[] };
    };
    expect(listed.moskit_up.hosts).toEqual(['node1', 'node2', 'node3', 'node4', 'node6', 'node7']);
    expect(listed.moskit_down.hosts).toEqual(['node5']);
    expect(listed._meta.hostvars['node2']).toMatchObject({
      ansible_host: 'pc-2.example',
      ansible_user: 'ana',
      moskit_speed: 20_000,
      moskit_cpus: 8,
      moskit_block: false,
    });
    expect(listed._meta.hostvars['node3']).toMatchObject({ ansible_host: 'fe80::3%eth0' });
  });
});

describe('prometheus', () => {
  it('is the text format: each family once, with help and type before its samples', () => {
    let family = '';
    const seen = new Set<string>();
    for (const line of text('prometheus').trimEnd().split('\n')) {
      const head = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line);
      if (head?.[1] === 'HELP') {
        family = head[2]!;
        expect(seen.has(family)).toBe(false);
        seen.add(family);
      } else if (head) expect([head[2], head[3]]).toEqual([family, 'gauge']);
      else
        expect(line).toMatch(
          new RegExp(`^${family}(\\{[a-z]+="[^"\\\\\\n]*"(,[a-z]+="[^"\\\\\\n]*")*\\})? -?\\d`),
        );
    }
    expect(text('prometheus')).toContain('moskit_node_up{node="5",address="10.1.1.104"} 0\n');
    expect(text('prometheus')).not.toContain('moskit_node_load{node="5"');
    expect(text('prometheus')).toContain('moskit_jobs{state="running"} 2\n');
    expect(text('prometheus')).toContain('moskit_jobs_away 1\n');
  });

  it.runIf(has('promtool'))('has nothing that promtool finds fault with', () => {
    const { status, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text('prometheus') });
    expect([status, stderr.toString()]).toEqual([0, '']);
  });
});

describe('haproxy', () => {
  const weights = (backend: string): Record<string, number> =>
    Object.fromEntries(
      [...backend.matchAll(/^ {4}server (node\d+) \S+ weight (\d+) check( init-addr \S+)?$/gm)].map(
        ([, name = '', weight]) => [name, Number(weight)],
      ),
    );

  it('weighs by speed × processors × idleness; a dead node gets nothing, a busy one a little', () => {
    expect(weights(text('haproxy'))).toEqual({
      node1: 48,
      node2: 256,
      node4: 32,
      node5: 0,
      node6: 1,
      node7: 14,
    });
    expect(text('haproxy')).toContain('server node7 ipv6@[2001:db8::7]:8080 ');
    expect(text('haproxy')).toContain('server node2 pc-2.example:8080 ');
  });

  it('of a cluster where nothing is known gives every node nothing', () => {
    const unknown = { ...snapshot, nodes: [] };
    const backend = exportCluster('haproxy', nodes, unknown, { backend: 'moskit', port: 80 });
    expect(Object.values(weights(backend))).toEqual(Array<number>(nodes.length - 1).fill(0));
  });

  it.runIf(has('haproxy'))('is a configuration to haproxy', () => {
    const path = file('haproxy.cfg', text('haproxy'));
    const front = file(
      'front.cfg',
      'frontend f\n  mode tcp\n  bind 127.0.0.1:39999\n  timeout client 1s\n  use_backend moskit\n',
    );
    const { status, stderr } = spawnSync('haproxy', ['-c', '-f', front, '-f', path]);
    expect([status, stderr.toString().match(/ALERT.*/g)]).toEqual([0, null]);
  });
});
