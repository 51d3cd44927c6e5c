import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { hostname, networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ownNodes, type Machine } from '../../src/commands/setpe/own-node.js';
import { parseTable } from '../../src/commands/setpe/read-table.js';
import { emptyMap } from '../../src/core/map-empty.js';
import { expandNodes } from '../../src/core/nodes.js';
import type { ClusterMap } from '../../src/core/cluster-map.js';
import { RefusedError } from '../../src/errors.js';
import { runTool, type ToolRun } from './run-tool.js';
import { startStandIn, type Answers, type StandIn } from './stand-in-mosd.js';

const classic = `# the lab
1 10.1.1.100 16 # first row
17 ${hostname()} 1
17 10.1.2.107 ALIAS

# printers
18 10.1.1.200 8
`;

let folder: string;
let env: NodeJS.ProcessEnv;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'moskit-setpe-'));
  env = { ...process.env, MOSKIT_DIR: join(folder, 'state') };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const setpe = (line: string, stdin = ''): Promise<ToolRun> =>
  runTool(['setpe', ...line.split(' ')], { env, stdin });
const mapFile = (): string => join(folder, 'state', 'hpc.json');
const savedMap = (): ClusterMap => JSON.parse(readFileSync(mapFile(), 'utf8')) as ClusterMap;

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('loading a map where no mosd runs', () => {
  test('writes hpc.json and says which node this is, starting nothing', async () => {
    const run = await setpe(`-w -f ${file('openmosix.map', classic)}`);
    expect(run).toEqual({
      code: 0,
      signal: null,
      stdout: 'This is openMosix #17 of 25 configured\n',
      stderr: '',
    });
    expect(savedMap()).toMatchObject({ format: 1, admin: { mospe: 17, gateways: 0 } });
    expect(savedMap().config.entries).toHaveLength(4);
    expect(statSync(mapFile()).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, 'state')).filter((name) => /mosd|lock/.test(name))).toEqual([]);
  });

  test.each(['-w -', '-w', '-w -f -', '-W'])('setpe %s takes it from standard input', async (line) => {
    expect(await setpe(line, classic)).toMatchObject({ code: 0 });
    expect(savedMap().admin.mospe).toBe(17);
  });

  test('a pipe under the name of a file is as good as a file', async () => {
    const fifo = join(folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const [run] = await Promise.all([setpe(`-w -f ${fifo}`), writeFile(fifo, classic)]);
    expect(run).toMatchObject({ code: 0 });
  });

  test('what never ends is no map', async () => {
    const run = await setpe('-w -f /dev/zero');
    expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining('that is no map') as unknown });
  });

  test('-g is kept, and left alone when it is not given', async () => {
    await setpe('-w -g 2', classic);
    expect(savedMap().admin.gateways).toBe(2);
    await setpe('-w', classic);
    expect(savedMap().admin.gateways).toBe(2);
  });

  test('what else is in the map stays', async () => {
    await setpe('-w', classic);
    const map = savedMap();
    writeFileSync(mapFile(), JSON.stringify({ ...map, admin: { ...map.admin, speed: 777, speedset: 1 } }));
    await setpe('-w', '17 ' + hostname() + ' 1');
    expect(savedMap()).toMatchObject({
      admin: { speed: 777, speedset: 1 },
      config: { entries: [{ node: 17 }] },
    });
  });

  test('-c checks and writes nothing', async () => {
    const run = await setpe('-c --json', classic);
    expect(JSON.parse(run.stdout)).toEqual({ node: 17, configured: 25, loaded: false });
    expect(await setpe('-w -c', classic)).toMatchObject({ code: 0 });
    expect(readdirSync(folder)).toEqual([]);
  });

  test('-off forgets the cluster', async () => {
    await setpe('-w', classic);
    expect(await setpe('-off')).toMatchObject({ code: 0, stderr: '' });
    expect(savedMap()).toMatchObject({ config: { entries: [] }, admin: { mospe: 0 } });
    expect(await runTool(['showmap'], { env })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('not openMosix') as unknown,
    });
  });
});

describe('what comes in comes out', () => {
  test.each(['', '--format classic'])('setpe -r %s: the classic form, comments and all', async (form) => {
    await setpe('-w', classic);
    expect((await setpe(`-r ${form}`.trim())).stdout).toBe(classic);
  });

  test('setpe -r --format json can be loaded again, and still knows the comments', async () => {
    await setpe('-w', classic);
    const path = join(folder, 'map.json');
    expect(await setpe(`-r --format json -f ${path}`)).toMatchObject({ code: 0, stdout: '' });
    await setpe('-off');
    expect(await setpe(`-w -f ${path}`)).toMatchObject({ code: 0 });
    expect((await setpe('-r')).stdout).toBe(classic);
  });

  test('a whole hpc.json of another machine gives its config, and nothing else of it', async () => {
    const other = {
      ...emptyMap(),
      admin: { ...emptyMap().admin, mospe: 3, block: 1 },
      config: { entries: [{ node: 5, address: hostname(), count: 1 }] },
    };
    expect(await setpe('-w', JSON.stringify(other))).toMatchObject({ code: 0 });
    expect(savedMap().admin).toMatchObject({ mospe: 5, block: 0 });
  });

  test('showmap prints numbers as openMosix does, in hexadecimal', async () => {
    await setpe('-w', `2780 ${hostname()} 1\n2638 192.168.10.78 3\n2638 10.0.0.9 ALIAS\n`);
    const width = Math.max(hostname().length, 13);
    expect((await runTool(['showmap'], { env })).stdout).toBe(
      'My Node-Id: 0x0adc\n\n' +
        `Base Node-Id  ${'Address'.padEnd(width)}  Count\n` +
        `0x0adc        ${hostname().padEnd(width)}  1\n` +
        `0x0a4e        ${'192.168.10.78'.padEnd(width)}  3\n` +
        `0x0a4e        ${'10.0.0.9'.padEnd(width)}  ALIAS\n`,
    );
    const { stdout } = await runTool(['showmap', '--json'], { env });
    expect(JSON.parse(stdout)).toMatchObject({
      mospe: 2780,
      entries: [{ node: 2780 }, { node: 2638, count: 3 }, { alias: true }],
    });
  });
});

describe('a map that is not right', () => {
  test.each([
    ['a word too few', '1 10.0.0.1', "line 1: 'NODE ADDRESS COUNT' or 'NODE ADDRESS ALIAS' was expected"],
    ['the same number twice', '1 10.0.0.1 4\n3 10.0.0.9 1', 'line 2: node 3 is already given by line 1'],
    ['loopback', '1 127.0.0.1 1', "line 1: 127.0.0.1 is every machine's own address"],
    [
      'an alias inside a range',
      '1 10.0.0.1 4\n1 10.0.0.3 ALIAS',
      'line 2: ALIAS address 10.0.0.3 lies inside the range of line 1',
    ],
    ['damaged JSON', '{"config": {"entries": [}}', 'line 1, column 25:'],
    [
      'JSON of another shape',
      '{"format": 1, "config": {"entries": [{"node": "x"}]}}',
      'config: entries[0].node',
    ],
    [
      'JSON of a later format',
      '{"format": 99, "config": {"entries": []}}',
      'format: is 99, written by a newer moskit',
    ],
    ['a list', '[1]', 'standard input: '],
    ['nothing at all', '# nobody\n', 'standard input has no nodes'],
  ])('%s: exit code 2, named with its place, and the old one stays', async (_, text, problem) => {
    await setpe('-w', classic);
    const before = readFileSync(mapFile(), 'utf8');
    const { code, stdout, stderr } = await setpe('-w', text);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(problem);
    expect(readFileSync(mapFile(), 'utf8')).toBe(before);
  });

  test.each([
    ['-w -f gone.map', 'there is no file gone.map'],
    ['-g 1', 'one of -w, -W, -c, -r, -off, --push and --check is needed'],
    ['-w -r', '-w and -r exclude each other'],
    ['-w -g 3', '-g goes from 0 to 2'],
    ['-w extra', "'extra' is too much"],
    ['-w -f', '-f needs a value'],
    ['-r --format xml', "--format is one of classic, json, not 'xml'"],
    ['-w --node 99', 'node 99 is not in the map'],
  ])('setpe %s: %s', async (line, message) => {
    const { code, stderr } = await setpe(line, classic);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  test('a folder, or a file that nobody may read, is an error and no map', async () => {
    expect(await setpe(`-w -f ${folder}`)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('illegal operation on a directory') as unknown,
    });
  });
});

describe('which number this machine has', () => {
  test('nowhere in the map: the words of openMosix, and what to do', async () => {
    const own = Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .find(({ internal }) => !internal);
    const { code, stderr } = await setpe('-w', '1 198.51.100.7 1\n');
    expect(code).toBe(1);
    expect(stderr).toBe(
      `setpe: the supplied table is well-formatted, but my IP address (${own?.address ?? hostname()}) is not there!\n` +
        'hint: say which number this machine has: --node NUMBER\n',
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  test.each(['--node 1', '-p 1'])('%s says it', async (option) => {
    expect(await setpe(`-w ${option}`, '1 198.51.100.7 1\n')).toMatchObject({ code: 0 });
    expect(savedMap().admin.mospe).toBe(1);
  });

  const address = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4')?.address;
  test.runIf(address !== undefined)('two numbers of the map: neither is guessed', async () => {
    const { code, stderr } = await setpe('-w', `1 ${address ?? ''} 1\n2 ${hostname()} 1\n`);
    expect([code, stderr]).toEqual([1, expect.stringContaining('but nodes 1 and 2 both are this machine')]);
    expect(readdirSync(folder)).toEqual([]);
  });

  const machine: Machine = {
    addresses: ['10.0.0.3', 'fe80::1'],
    names: ['beta.lab', 'beta'],
    resolve: (name) =>
      Promise.resolve(name === 'other' ? ['10.0.0.3'] : name === 'local' ? ['127.0.0.1'] : []),
  };
  test.each([
    ['1 10.0.0.1 5', [3]],
    ['1 10.0.0.1 1\n2 me@BETA 1', [2]],
    ['1 beta.lab 1', [1]],
    ['1 10.0.0.9 1\n1 10.0.0.3 ALIAS', [1]],
    ['4 fe80::1 1', [4]],
    ['1 alpha 1\n2 other 1', [2]],
    ['1 alpha 1\n2 local 1', []],
    ['1 10.0.0.3 1\n2 beta 1', [1, 2]],
    ['1 alpha 1', []],
  ])('%j: %j', async (text, nodes) => {
    const table = parseTable(text, 'test');
    expect(table.ok && (await ownNodes(expandNodes(table.config), machine, 1000))).toEqual(nodes);
  });

  test('a name that takes for ever to look up is not waited for', async () => {
    const table = parseTable('1 alpha 1', 'test');
    const slow: Machine = { ...machine, resolve: () => new Promise(() => undefined) };
    expect(table.ok && (await ownNodes(expandNodes(table.config), slow, 50))).toEqual([]);
  });
});

describe('a damaged hpc.json', () => {
  test('is kept aside and told; the last durable state comes back', async () => {
    await setpe('-w', classic);
    writeFileSync(mapFile(), '{"format": 1, "config"');
    const { code, stdout, stderr } = await runTool(['showmap'], { env });
    expect([code, stdout.split('\n')[0]]).toEqual([0, 'My Node-Id: 0x0011']);
    expect(stderr).toContain('hpc.json was damaged: ');
    const kept = readdirSync(join(folder, 'state')).find(
      (name) => stderr.includes(name) && name !== 'hpc.json',
    );
    expect(readFileSync(join(folder, 'state', kept ?? ''), 'utf8')).toBe('{"format": 1, "config"');
  });

  test('of a later version is left alone', async () => {
    mkdirSync(join(folder, 'state'), { mode: 0o700 });
    writeFileSync(mapFile(), '{"format": 99}');
    const { code, stderr } = await setpe('-w', classic);
    expect([code, stderr]).toEqual([1, expect.stringContaining('newer moskit')]);
    expect(readFileSync(mapFile(), 'utf8')).toBe('{"format": 99}');
  });

  test('a folder that others may write to is not used', async () => {
    mkdirSync(join(folder, 'state'));
    chmodSync(join(folder, 'state'), 0o777);
    expect(await setpe('-w', classic)).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('others may write to it') as unknown,
    });
  });
});

describe('loading a map while mosd runs', () => {
  const running = { job: '17-1', home: 17, where: 17 } as never;
  const away = { job: '17-2', home: 17, where: 3 } as never;
  const guest = { job: '3-1', from: 3 } as never;
  const snapshot =
    (guests: never[]): NonNullable<Answers['status']> =>
    () => ({ self: 17, atMs: 0, sspeed: 1, nodes: [], jobs: [], guests });
  let mosd: StandIn | null = null;
  afterEach(() => mosd?.close());

  async function withMosd(answers: Answers): Promise<void> {
    mosd = await startStandIn({
      jobs: () => [running],
      status: snapshot([]),
      setConfig: () => ({}),
      setAdmin: () => ({ admin: emptyMap().admin }),
      map: () => ({ ...emptyMap(), admin: { ...emptyMap().admin, mospe: 17, lstay: 1 } }),
      ...answers,
    });
    env = mosd.env;
  }
  const asked = (): string[] => (mosd?.asked ?? []).map(({ method }) => method);
  const changes = (): unknown[] =>
    (mosd?.asked ?? []).filter(({ method }) => method.startsWith('set')).map(({ params }) => params);

  test('gives it to mosd, which alone writes the file', async () => {
    await withMosd({});
    expect(await setpe('-w -g 1', classic)).toMatchObject({
      code: 0,
      stdout: 'This is openMosix #17 of 25 configured\n',
    });
    expect(changes()).toMatchObject([
      { mospe: 17, config: { entries: [{ node: 1 }, {}, {}, {}] } },
      { admin: { gateways: 1 } },
    ]);
    expect(readdirSync(mosd?.folder ?? '')).toEqual(['mosd.sock']);
  });

  test.each<[string, Answers, string]>([
    ['guests are here', { status: snapshot([guest]) }, 'jobs of other nodes run here (1)'],
    ['own jobs are away', { jobs: () => [running, away, away] }, 'jobs born here run elsewhere (2)'],
    [
      'both',
      { status: snapshot([guest]), jobs: () => [away] },
      'jobs of other nodes run here (1) and jobs born here run elsewhere (1)',
    ],
  ])('-w changes nothing while %s', async (_, answers, reason) => {
    await withMosd(answers);
    const { code, stderr } = await setpe('-w', classic);
    expect([code, stderr]).toEqual([
      4,
      `setpe: the map stays as it is: ${reason}\nhint: setpe -W sends them all home first\n`,
    ]);
    expect(changes()).toEqual([]);
  });

  test('-W sends all home first, and leaves block and lstay as they were', async () => {
    await withMosd({ expel: () => ({ outcomes: [] }), bring: () => ({ outcomes: [] }), jobs: () => [away] });
    expect(await setpe('-W', classic)).toMatchObject({ code: 0 });
    expect(asked().filter((method) => method !== 'ping')).toEqual([
      'map',
      'expel',
      'bring',
      'setConfig',
      'setAdmin',
    ]);
    expect(changes()[1]).toEqual({ admin: { block: 0, lstay: 1 } });
  });

  test('-W with a job that can not come home changes nothing and says which', async () => {
    const stuck = { moved: false, job: '17-2', where: 3, reason: 'node 3 does not answer' } as const;
    await withMosd({ expel: () => ({ outcomes: [] }), bring: () => ({ outcomes: [stuck] }) });
    const { code, stderr } = await setpe('-W', classic);
    expect(code).toBe(4);
    expect(stderr).toBe(
      'setpe: 17-2 stays on node 3: node 3 does not answer\nsetpe: the map stays as it is: 1 job did not go home\n',
    );
    expect(changes()).toEqual([{ admin: { block: 0, lstay: 1 } }]);
  });

  test('-off sends all home and takes the number away', async () => {
    await withMosd({ expel: () => ({ outcomes: [] }), bring: () => ({ outcomes: [] }) });
    expect(await setpe('-off')).toMatchObject({ code: 0 });
    expect(changes()[0]).toEqual({ config: { entries: [] }, mospe: 0 });
  });

  test('what mosd refuses is said', async () => {
    await withMosd({
      setConfig: () => {
        throw new RefusedError('1 jobs were born here as node 1: the number can not change now');
      },
    });
    expect(await setpe('-w', classic)).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('number can not change') as unknown,
    });
  });
});
