import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLab, type Lab } from '../../fixtures/lab/lab.js';
import { mayUseLab, until } from './cluster.js';

const program = fileURLToPath(new URL('../../dist/moskit.mjs', import.meta.url));

interface Listed {
  readonly machines: readonly {
    readonly address: string;
    readonly name: string;
    readonly isMutual: boolean;
  }[];
  readonly dropped: number;
}

/** Sends each line as one packet, `count` times. */
const sender = (lines: readonly string[], count: number): string => `
const s = require('node:dgram').createSocket('udp4');
s.bind(0, () => {
  s.setMulticastInterface(require('node:os').networkInterfaces().eth0[0].address);
  let left = ${count * lines.length};
  for (let i = 0; i < ${count}; i++) for (const line of ${JSON.stringify(lines)})
    s.send(line, 5428, '239.255.54.28', () => { if (--left === 0) s.close(); });
});`;

describe.runIf(await mayUseLab())('mosdiscd on a network of its own', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ nodes: 3, name: `tools-disc-${process.pid}` });
    for (const { n } of lab.nodes) await lab.put(n, program, '/opt/moskit.mjs', 0o755);
  });
  afterAll(() => lab.down());

  const on = (n: number, line: string) => lab.exec(n, ['node', '/opt/moskit.mjs', ...line.split(' ')]);
  const addressOf = (n: number): string => lab.nodes[n - 1]!.address;
  const listed = async (n: number): Promise<Listed> =>
    JSON.parse((await on(n, 'mosctl join --json')).stdout) as Listed;
  const nodesOf = async (n: number): Promise<readonly string[]> =>
    (await on(n, 'setpe -r')).stdout.split('\n').filter(Boolean);

  it('finds the machines that run it, both ways, and changes nothing', async () => {
    for (const n of [1, 2]) {
      expect(await on(n, 'mosdiscd -i eth0 --interval 0.3')).toMatchObject({ code: 0, stderr: '' });
    }
    await until('1 and 2 hear each other', async () => {
      const both = await Promise.all([listed(1), listed(2)]);
      return both.every(({ machines }) => machines.length === 1 && machines[0]!.isMutual);
    });
    expect((await listed(1)).machines).toMatchObject([{ address: addressOf(2), name: 'n2' }]);
    expect((await on(1, 'showmap')).stderr).toContain('This is not openMosix!');
    expect(await on(1, 'mosdiscd -i eth0')).toMatchObject({ code: 1 });
  });

  it('counts and drops what is malformed', async () => {
    const before = await listed(1);
    const wicked = [
      '',
      'x'.repeat(1000),
      'moskit-discovery 1 {"id":1}',
      'moskit-discovery 1 {"__proto__":{}}',
    ];
    expect(await lab.exec(3, ['node', '-e', sender(wicked, 10)])).toMatchObject({ code: 0 });
    await until('they were dropped', async () => (await listed(1)).dropped >= before.dropped + 40);
    expect((await listed(1)).machines).toMatchObject([{ address: addressOf(2) }]);
  });

  it('does not join a machine that only pretends, though SSH reaches it', async () => {
    const packet = { id: 'ab'.repeat(16), name: 'n9', node: 0, heard: [] };
    await lab.exec(3, ['node', '-e', sender([`moskit-discovery 1 ${JSON.stringify(packet)}`], 1)]);
    await until('it is proposed', async () => (await listed(1)).machines.length === 2);
    const { code, stderr } = await on(1, `mosctl join ${addressOf(3)}`);
    expect([code, stderr]).toEqual([4, expect.stringContaining('not the machine that announced itself')]);
    expect((await on(1, 'showmap')).stderr).toContain('This is not openMosix!');
  });

  it('does not join a machine whose host key is not the known one', async () => {
    await lab.rekey(2);
    const { code, stderr } = await on(1, `mosctl join ${addressOf(2)}`);
    expect([code, stderr]).toEqual([3, expect.stringMatching(/host key/)]);
    expect((await on(1, 'showmap')).stderr).toContain('This is not openMosix!');
    await lab.rekey(2, { trust: true });
  });

  it('joins by the low 16 bits of the address, once', async () => {
    const number = (n: number): number => {
      const [, , third = 0, last = 0] = addressOf(n).split('.').map(Number);
      return third * 256 + last;
    };
    const { code, stdout } = await on(1, `mosctl join ${addressOf(2)}`);
    expect([code, stdout]).toEqual([0, `openMosix #${number(2)} is at IP address ${addressOf(2)}\n`]);
    expect(await nodesOf(1)).toEqual([1, 2].map((n) => `${number(n)} ${addressOf(n)} 1`));
    expect(await on(1, `mosctl join ${addressOf(2)}`)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('already') as unknown,
    });
    expect((await on(1, 'showmap')).stdout).toContain(`proposed      ${addressOf(3)}`);
  });

  it('gives no number twice', async () => {
    await on(3, 'mosdiscd -i eth0 --interval 0.3');
    await until('3 is heard, and hears', async () =>
      (await listed(1)).machines.some((m) => m.name === 'n3' && m.isMutual),
    );
    const [taken] = await nodesOf(1);
    const refused = await on(1, `mosctl join ${addressOf(3)} --number ${taken!.split(' ')[0]}`);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringMatching(/is at address .* already/)]);
    expect((await on(1, `mosctl join ${addressOf(3)} --number 3`)).code).toBe(0);
    expect(await nodesOf(1)).toHaveLength(3);
  });

  it('ends when it is told to', async () => {
    for (const { n } of lab.nodes) expect((await on(n, 'mosdiscd --stop')).code).toBe(0);
    await until('it has ended', async () => (await on(1, 'mosdiscd --stop')).code === 1);
  });

  it.each([
    ['mosdiscd -i eth9', 2, "no interface 'eth9'"],
    ['mosdiscd -i eth0 -m 0', 2, '-m goes from 1 to 255'],
    ['mosdiscd -i eth0 --interval 0', 2, '--interval goes from'],
    ['mosdiscd', 1, 'Unable to determine address of default interface.'],
    ['mosctl join 10.99.0.1', 2, 'does not hear 10.99.0.1'],
    ['mosctl join --number 3', 2, '--number needs an ADDRESS'],
  ])('%s is refused', async (line, code, words) => {
    const run = await on(1, line);
    expect([run.code, run.stdout]).toEqual([code, '']);
    expect(run.stderr).toContain(words);
  });
});
