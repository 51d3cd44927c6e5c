import { z } from 'zod';
import { adminRanges, defaultAdmin, defaultDecay } from './admin.js';
import { mapFormat } from './cluster-map.js';
import { isJobId, isNodeId, maxNodeId } from './ids.js';

/** What may stand where in hpc.json. Loaded only by map-schema: zod is slow to start. */
const text = z.string().max(64 * 1024);
const remark = z
  .string()
  .max(4096)
  .regex(/^[^\r\n]*$/, 'is more than one line');
const nodeId = z.number().refine(isNodeId, `is no node number (1 to ${maxNodeId})`);
const jobId = z.string().refine(isJobId, 'is no job id');
const flag = z.literal([0, 1]);
const amount = z.number().nonnegative();
const whole = z.number().int().nonnegative();
const inRange = ([least, most]: readonly [number, number]) => z.number().int().min(least).max(most);
const speed = inRange(adminRanges.speed);
const limitMode = z.literal([0, 1, 2]);
const disclosure = z.literal([0, 1, 2, 3]);

const configEntry = z.strictObject({
  node: z.number(), // its range is checked with the rest of the entry, in map-check
  address: z.string(),
  count: z.number().default(1),
  alias: z.exactOptional(z.boolean()),
  comment: z.exactOptional(remark),
  above: z.exactOptional(z.array(remark)),
});

const config = z.strictObject({
  entries: z.array(configEntry).max(200_000),
  comments: z.exactOptional(z.array(remark)),
  trailer: z.exactOptional(z.array(remark)),
});

const admin = z.strictObject({
  mospe: z.union([z.literal(0), nodeId]).default(defaultAdmin.mospe),
  block: flag.default(defaultAdmin.block),
  bring: flag.default(defaultAdmin.bring),
  expel: flag.default(defaultAdmin.expel),
  stay: flag.default(defaultAdmin.stay),
  lstay: flag.default(defaultAdmin.lstay),
  quiet: flag.default(defaultAdmin.quiet),
  nomfs: flag.default(defaultAdmin.nomfs),
  speed: speed.nullable().default(defaultAdmin.speed),
  speedset: flag.default(defaultAdmin.speedset),
  sspeed: speed.default(defaultAdmin.sspeed),
  gateways: inRange(adminRanges.gateways).default(defaultAdmin.gateways),
  decayinterval: inRange(adminRanges.decayinterval).default(defaultAdmin.decayinterval),
  slowdecay: inRange(adminRanges.slowdecay).default(defaultAdmin.slowdecay),
  fastdecay: inRange(adminRanges.fastdecay).default(defaultAdmin.fastdecay),
  checkpoint: whole.default(defaultAdmin.checkpoint),
  maxguests: whole.nullable().default(defaultAdmin.maxguests),
  jobsroot: z
    .string()
    .startsWith('/', 'is no absolute path')
    .max(4096)
    .nullable()
    .default(defaultAdmin.jobsroot),
  disclosure: disclosure.default(defaultAdmin.disclosure),
  loadlimit: inRange(adminRanges.loadlimit).nullable().default(defaultAdmin.loadlimit),
  loadlimitmode: limitMode.default(defaultAdmin.loadlimitmode),
  cpulimit: inRange(adminRanges.cpulimit).nullable().default(defaultAdmin.cpulimit),
  cpulimitmode: limitMode.default(defaultAdmin.cpulimitmode),
  movecost: inRange(adminRanges.movecost).default(defaultAdmin.movecost),
  linkspeed: inRange(adminRanges.linkspeed).default(defaultAdmin.linkspeed),
  iocost: inRange(adminRanges.iocost).default(defaultAdmin.iocost),
  migrantcost: inRange(adminRanges.migrantcost).default(defaultAdmin.migrantcost),
});

const decay = z.strictObject({
  policy: z.enum(['slow', 'fast', 'none']).default(defaultDecay.policy),
  hint: z.enum(['cpujob', 'iojob', 'none']).default(defaultDecay.hint),
});

// Readings: what they say beyond this is left out rather than refused, it will be measured anew anyway.
const report = z.object({
  load: amount,
  ownload: amount,
  speed: amount,
  cpus: amount,
  util: amount,
  mem: amount,
  rmem: amount,
  tmem: amount,
  guests: whole,
  freeslots: whole.nullable(),
  block: z.boolean(),
  stay: z.boolean(),
  lstay: z.boolean(),
  quiet: z.boolean(),
  drivers: z.array(text),
  version: text,
  beyond: z.exactOptional(text),
});

const nodeView = z.object({
  node: nodeId,
  name: text,
  state: z.enum(['up', 'monitor-only', 'connecting', 'down']),
  ageMs: z.number().nullable(),
  report: report.nullable(),
  problem: z.exactOptional(text),
  bandwidth: amount.nullable(),
});

const moveRecord = z.object({
  from: nodeId,
  to: nodeId,
  why: z.enum([
    'balance the load',
    'to a faster node',
    'this node is out of memory',
    'this node is leaving',
    'asked',
    'its node was lost',
  ]),
  driver: text,
  atMs: z.number(),
  frozenMs: amount,
  bytes: amount,
});

const jobExit = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('code'), code: z.number().int() }),
  z.object({ kind: z.literal('signal'), signal: text }),
  z.object({ kind: z.literal('unknown'), reason: text }),
]);

const jobView = z.object({
  job: jobId,
  pid: whole.nullable(),
  home: nodeId,
  where: nodeId,
  state: z.enum(['starting', 'running', 'stopped', 'moving', 'unreachable', 'stranded', 'done', 'lost']),
  nmigs: whole,
  generation: whole,
  cantmove: z.array(text),
  driver: text.nullable(),
  lock: z.boolean(),
  sigmig: z.exactOptional(text),
  disclosure: z.exactOptional(disclosure),
  /** Written by a person: a move that is asked for. */
  goto: z.exactOptional(z.union([nodeId, z.literal(['home', 'balance'])])),
  cpu: amount,
  rssKib: amount,
  command: z.string(),
  startedAtMs: z.number(),
  moving: z.exactOptional(z.object({ to: nodeId, step: text })),
  lastMove: z.exactOptional(moveRecord),
  exit: z.exactOptional(jobExit),
});

const guestView = z.object({
  job: jobId,
  from: nodeId,
  pid: whole,
  disclosure: z.exactOptional(disclosure),
  cpu: amount,
  rssKib: amount,
  command: z.string(),
});

/** `admin` and `decay` may name only what differs from the defaults, and readings may be absent: people write maps too. */
export const mapShape = z.strictObject({
  format: z.literal(mapFormat),
  config,
  admin: admin.prefault({}),
  decay: decay.prefault({}),
  info: report.nullable().default(null),
  nodes: z.record(z.string().regex(/^[1-9]\d{0,4}$/, 'is no node number'), nodeView).default({}),
  remote: z.record(jobId, guestView).default({}),
  jobs: z.record(jobId, jobView).default({}),
});

export const configShape = config;
