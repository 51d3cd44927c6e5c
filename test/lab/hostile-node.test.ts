import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../../fixtures/lab/lab.js';
import { bash, jobs, mayUseLab, startCluster, until } from './cluster.js';

/** What a node asks of home that has put this in the place of moskit; the answers go to a file. */
const program = (asked: readonly unknown[]): string => `
import { appendFileSync } from 'node:fs';
const asked = ${JSON.stringify(asked)};
process.stdout.write('moskit\\u0001' + JSON.stringify({ protocol: 1, version: '0.1.0', role: 'mosd' }) + '\\n');
let lines = 0;
let text = '';
process.stdin.on('data', (chunk) => {
  text += chunk;
  for (let at = text.indexOf('\\n'); at >= 0; at = text.indexOf('\\n')) {
    const line = text.slice(0, at);
    text = text.slice(at + 1);
    lines += 1;
    if (lines === 2 && line.includes('"rpc"')) {
      asked.forEach(([method, params], k) => process.stdout.write(JSON.stringify({ id: k + 1, method, params }) + '\\n'));
    } else if (lines > 2 && !line.includes('"method"')) appendFileSync('/tmp/heard', line + '\\n');
  }
});
process.stdin.on('end', () => process.exit());
`;

interface Heard {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

describe.runIf(await mayUseLab())('a node', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startCluster('lies', 3);
  });
  afterAll(() => lab.down());

  it('may ask home to take back a job that is on it', async () => {
    const started =
      'nohup mosrun 3 sleep 999 >/dev/null 2>&1 </dev/null & until mps --json | grep -q running; do sleep 0.1; done';
    await bash(lab, started);
    const job = (await jobs(lab))[0]!.job;
    const { stderr } = await lab.exec(3, `node /root/.local/share/moskit/*/moskit.mjs migrate ${job} home`);
    expect(stderr).toBe('');
    expect(await jobs(lab)).toMatchObject([{ job, where: 1, nmigs: 1 }]);
    await bash(
      lab,
      'kill $(pgrep -f \'[m]osrun 3 sleep 999\'); until test "$(mps --json | grep -c running)" = 0; do sleep 0.1; done',
    );
  });

  it('that lies gets nothing that it asks of home, and no job that is not on it', async () => {
    await bash(
      lab,
      `nohup mosrun 3 sleep 1000 >/dev/null 2>&1 </dev/null & until mps --json | grep -q running; do sleep 0.1; done`,
    );
    const [own] = await jobs(lab);
    const methods = [
      'ping',
      'jobs',
      'run',
      'migrate',
      'shutdown',
      'snapshot',
      'watch',
      'signal',
      'nodes',
      'map',
      'log',
      'home.run',
      'guest.prepare',
      'toString',
      '__proto__',
    ];
    const asked = [
      ...methods.map((method) => [
        method,
        { job: own!.job, target: own!.job, to: 2, argv: ['touch', '/tmp/in'], cwd: '/' },
      ]),
      ...[2, 'home', 'balance'].map((to) => ['home.migrate', { job: own!.job, to }]),
      ['home.migrate', { job: '1-77', to: 2 }],
      ['home.migrate', { job: '../../etc', to: 2 }],
      ['home.migrate', null],
    ];
    await lab.exec(2, 'cat >/tmp/liar.mjs', { input: program(asked) });
    await lab.exec(
      2,
      'for d in /root/.local/share/moskit/*/; do cp /tmp/liar.mjs $d/moskit.mjs; done; kill -9 $(pgrep -f "moskit.mjs mosd")',
    );
    const heard = async (): Promise<readonly Heard[]> => {
      const { stdout } = await lab.exec(2, 'cat /tmp/heard');
      return stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Heard]));
    };
    await until(
      'home has answered',
      async () => new Set((await heard()).map(({ id }) => id)).size === asked.length,
    );
    for (const { id, result, error } of await heard()) {
      expect([asked[id - 1], result]).toEqual([asked[id - 1], undefined]);
      expect(error?.message).toMatch(
        id <= methods.length ? /nobody answers/ : /is not on node 2|does not fit|home\.migrate/,
      );
    }
    expect(await jobs(lab)).toMatchObject([{ job: own!.job, where: 3, nmigs: own!.nmigs }]);
    expect((await lab.exec(1, 'test -e /tmp/in')).code).toBe(1);
  });
});
