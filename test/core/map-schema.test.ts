import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readdirSync, readFileSync } from 'node:fs';
import { defaultAdmin, defaultDecay } from '../../src/core/admin.js';
import type { ClusterMap, JobView, NodeReport } from '../../src/core/cluster-map.js';
import { emptyMap } from '../../src/core/map-empty.js';
import { parseConfig, parseMap, parseMapText } from '../../src/core/map-schema.js';

const report: NodeReport = {
  load: 120,
  ownload: 100,
  speed: 10_000,
  cpus: 2,
  util: 55,
  mem: 1000,
  rmem: 500,
  tmem: 2000,
  guests: 1,
  freeslots: null,
  block: false,
  stay: false,
  lstay: true,
  quiet: false,
  drivers: ['criu', 'app'],
  version: '0.1.0',
};

const job: JobView = {
  job: '1-17',
  pid: 4711,
  home: 1,
  where: 2,
  state: 'moving',
  nmigs: 3,
  generation: 4,
  cantmove: [],
  driver: 'criu',
  lock: false,
  cpu: 0.9,
  rssKib: 1000,
  command: 'sleep "1"\n',
  startedAtMs: 1,
  moving: { to: 3, step: 'freeze' },
  lastMove: { from: 1, to: 2, why: 'asked', driver: 'criu', atMs: 5, frozenMs: 12, bytes: 13 },
  exit: { kind: 'signal', signal: 'SIGTERM' },
};

const full: ClusterMap = {
  ...emptyMap(),
  config: {
    entries: [
      { node: 1, address: 'n1', count: 1, comment: 'home' },
      { node: 2, address: '10.0.0.2', count: 9, above: ['# lab'] },
      { node: 1, address: '10.0.1.1', count: 1, alias: true },
    ],
    comments: ['# top'],
    trailer: [''],
  },
  admin: { ...defaultAdmin, mospe: 1, speed: 9900, lstay: 1, maxguests: 4, jobsroot: '/var/tmp/jobs' },
  info: report,
  nodes: {
    2: { node: 2, name: '10.0.0.2', state: 'up', ageMs: 5, report, bandwidth: 1e8 },
    3: {
      node: 3,
      name: '10.0.0.3',
      state: 'down',
      ageMs: null,
      report: null,
      bandwidth: null,
      problem: 'no route',
    },
  },
  remote: { '2-1': { job: '2-1', from: 2, pid: 77, cpu: 0, rssKib: 4, command: 'x' } },
  jobs: { '1-17': job },
};

const asJson = (map: unknown): unknown => JSON.parse(JSON.stringify(map)) as unknown;

/** The map with something at a path replaced; undefined = removed. */
function changed(path: readonly (string | number)[], value: unknown): unknown {
  const map = asJson(full) as Record<string | number, unknown>;
  const inner = path.slice(0, -1).reduce((at, key) => at[key] as Record<string | number, unknown>, map);
  const last = path.at(-1)!;
  if (value === undefined) Reflect.deleteProperty(inner, last);
  else inner[last] = value;
  return map;
}

function problemsOf(value: unknown): readonly string[] {
  const answer = parseMap(value);
  return answer.ok ? [] : answer.problems.map(({ place, message }) => `${place}: ${message}`);
}

describe('parseMap', () => {
  test('takes a full map as it is, and an empty one', () => {
    expect(parseMap(asJson(full))).toEqual({ ok: true, map: full });
    expect(parseMap(asJson(emptyMap()))).toEqual({ ok: true, map: emptyMap() });
  });

  test('fills in what a person left out', () => {
    const answer = parseMap({
      format: 1,
      config: { entries: [{ node: 1, address: 'n1' }] },
      admin: { block: 1 },
    });
    expect(answer).toEqual({
      ok: true,
      map: {
        ...emptyMap(),
        config: { entries: [{ node: 1, address: 'n1', count: 1 }] },
        admin: { ...defaultAdmin, block: 1 },
        decay: defaultDecay,
      },
    });
  });

  test.each([
    [['config'], undefined, 'config: is missing'],
    [['config', 'entries', 1, 'address'], undefined, 'config.entries[1].address: is missing'],
    [['config', 'entries', 1, 'address'], 7, 'config.entries[1].address: expected string, received number'],
    [['config', 'entries', 1, 'adress'], 'n2', 'config.entries[1].adress: is not a name that a map has'],
    [['config', 'entries', 1, 'node'], 0, 'config.entries[1].node: node number 0 is not between 1 and 65535'],
    [
      ['config', 'entries', 1, 'node'],
      1.5,
      'config.entries[1].node: node number 1.5 is not between 1 and 65535',
    ],
    [
      ['config', 'entries', 1, 'node'],
      1,
      'config.entries[1].node: node 1 is already given by config.entries[0]',
    ],
    [
      ['config', 'entries', 1, 'count'],
      255,
      'config.entries[1].count: 255 addresses from 10.0.0.2 on go beyond 10.0.0.255; split the range there',
    ],
    [
      ['config', 'entries', 1, 'address'],
      '127.0.0.1',
      "config.entries[1].address: 127.0.0.1 is every machine's own address; give the one that the other nodes reach it by",
    ],
    [
      ['config', 'entries', 2, 'address'],
      '10.0.0.5',
      'config.entries[2].address: ALIAS address 10.0.0.5 lies inside the range of config.entries[1]; split that range around it',
    ],
    [
      ['config', 'entries', 2, 'node'],
      99,
      'config.entries[2].node: ALIAS of node 99, which the map does not have',
    ],
    [['config', 'comments', 0], 'a\nb', 'config.comments[0]: is more than one line'],
    [['admin', 'block'], 2, 'admin.block: Invalid option: expected one of 0|1'],
    [['admin', 'blok'], 1, 'admin.blok: is not a name that a map has'],
    [['admin', 'slowdecay'], 1001, 'admin.slowdecay: Too big: expected number to be <=1000'],
    [['admin', 'jobsroot'], 'jobs', 'admin.jobsroot: is no absolute path'],
    [['decay', 'policy'], 'never', 'decay.policy: Invalid option: expected one of "slow"|"fast"|"none"'],
    [['info', 'load'], 'high', 'info.load: expected number, received string'],
    [['nodes', 'n2'], full.nodes['2'], 'nodes.n2: is no node number'],
    [['nodes', '7'], full.nodes['2'], 'nodes["7"]: holds 2'],
    [['jobs', '1-17', 'where'], 70000, 'jobs["1-17"].where: is no node number (1 to 65535)'],
    [['remote', 'x'], full.remote['2-1'], 'remote.x: is no job id'],
    [['other'], 1, 'other: is not a name that a map has'],
  ])('%j := %j is a problem: %s', (path, value, problem) => {
    expect(problemsOf(changed(path, value))).toEqual([problem]);
  });

  test('names all problems at once', () => {
    const map = changed(['admin', 'block'], 7) as { config: unknown };
    expect(problemsOf({ ...map, decay: 4 })).toHaveLength(2);
  });

  test.each([null, [], 'map', 7, undefined])('%j is no map', (value) => {
    expect(problemsOf(value)).toEqual([': a map is one JSON object']);
  });

  test('passes over readings it does not know: a newer version measured more', () => {
    const answer = parseMap(changed(['info', 'temperature'], 80));
    expect(answer.ok && answer.map.info).toEqual(report);
  });

  test('is not fooled by __proto__ at any depth', () => {
    const text = JSON.stringify(full);
    for (const section of ['"config":', '"nodes":', '"jobs":', '"admin":']) {
      const poisoned = text.replace(`${section}{`, `${section}{"__proto__":{"block":1,"polluted":true},`);
      const answer = parseMapText(poisoned);
      expect(answer.ok).toBe(false);
      expect(!answer.ok && answer.problems[0]?.place).toContain('__proto__');
    }
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  test('never throws on any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...Object.keys(full)), (value, key) => {
        parseMap(value);
        parseMap({ ...full, [key]: value });
      }),
    );
  });
});

describe('formats', () => {
  test('a newer format is refused as such, not called damaged', () => {
    const answer = parseMap({ format: 99, anything: true });
    expect(answer).toMatchObject({ ok: false, newer: true });
    expect(problemsOf({ format: 99 })[0]).toMatch(/format: is 99, written by a newer moskit/);
  });

  test.each([[undefined], ['1'], [0], [1.5], [null]])('format %j is none', (format) => {
    const answer = parseMap({ ...full, format });
    expect(answer).toMatchObject({ ok: false, newer: false, problems: [{ place: 'format' }] });
  });

  test('every file of a released format can be read', () => {
    const folder = new URL('../../fixtures/maps/', import.meta.url);
    const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
    expect(files.length).toBeGreaterThan(0);
    for (const name of files)
      expect(parseMapText(readFileSync(new URL(name, folder), 'utf8'))).toMatchObject({ ok: true });
  });
});

describe('parseMapText', () => {
  test('says where the JSON breaks off', () => {
    expect(parseMapText('{\n  "format": 1,\n  "config": ]\n')).toMatchObject({
      ok: false,
      problems: [{ place: 'line 3, column 13', message: "']' stands where a value should" }],
    });
  });
});

describe('parseConfig', () => {
  test('checks the config part alone', () => {
    expect(parseConfig(asJson(full.config))).toEqual({ ok: true, config: full.config });
    expect(parseConfig({ entries: [{ node: 1, address: 'localhost' }] })).toMatchObject({
      ok: false,
      problems: [{ place: 'entries[0].address' }],
    });
  });
});
