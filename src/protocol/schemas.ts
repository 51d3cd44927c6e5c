import { z } from 'zod';
import { adminRanges } from '../core/admin.js';
import { isJobId, isNodeId } from '../core/ids.js';
import { plainText } from '../core/plain-text.js';
import { ProtocolError } from '../errors.js';

/** Shapes of everything that comes in over a channel. Loaded by mosd only: zod is slow to start. */
const nodeId = z.number().refine(isNodeId, 'not a node number');
const jobId = z.string().refine(isJobId, 'not a job id');
const text = z.string().max(32 * 1024);
const path = z
  .string()
  .min(1)
  .max(4096)
  .regex(/^\/[^\0]*$/, 'is no absolute path');
/** A word of a command line or an environment: no program can be started with a NUL in it. */
const word = (most: number): z.ZodString =>
  z
    .string()
    .max(most)
    .regex(/^[^\0]*$/, 'has a NUL in it');
const signal = z.string().regex(/^SIG[A-Z0-9+-]{2,10}$/);
const offset = z.number().int().nonnegative();
const generation = z.number().int().nonnegative();
const ticket = z.string().regex(/^[0-9a-f]{32}$/);
const driver = z.enum(['criu', 'app', 'restart']);
const nothing = z.object({}).loose();
const destination = z.union([nodeId, z.literal('home'), z.literal('balance')]);
const target = z.union([jobId, z.number().int().positive()]);
const deputy = z.object({ pid: z.number().int().positive(), startTicks: z.number().nonnegative() });

export const jobSpecSchema = z.object({
  argv: z
    .array(word(32 * 1024))
    .min(1)
    .max(100_000),
  env: z.array(word(256 * 1024)).max(100_000),
  umask: z.number().int().min(0).max(0o777),
  folder: z.object({
    cwd: path,
    carryIn: z.array(word(32 * 1024)).nullable(),
    carryOut: z.array(word(32 * 1024)).nullable(),
    carryLimitBytes: z.number().int().nonnegative(),
  }),
  where: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('best') }),
    z.object({ kind: z.literal('home') }),
    z.object({ kind: z.literal('node'), node: nodeId }),
    z.object({ kind: z.literal('list'), nodes: z.array(nodeId).min(1) }),
  ]),
  lock: z.boolean(),
  hint: z.enum(['cpujob', 'iojob', 'none']),
  decay: z.enum(['fast', 'slow', 'none']).optional(),
  relocation: z.object({
    driver: z.enum(['auto', 'criu', 'app', 'restart']),
    ckptSignal: signal.nullable(),
    ckptExit: z.number().int().min(1).max(255).nullable(),
    restart: word(32 * 1024).nullable(),
    restartable: z.boolean(),
  }),
  protection: z
    .object({
      checkpointMs: z.number().int().min(1_000).nullable(),
      keeper: nodeId.nullable(),
      onNodeLoss: z.enum(['hold', 'restart', 'recover']),
      leaseMs: z.number().int().min(1_000),
    })
    .optional(),
  disclosure: z.literal([0, 1, 2, 3]).optional(),
  deputy: deputy.nullable(),
  stdin: z.enum(['none', 'stream']),
});

export const openingSchema = z.union([
  z.object({ open: z.literal('rpc'), as: z.literal('tool') }),
  z.object({
    open: z.literal('rpc'),
    as: z.literal('home'),
    home: nodeId,
    you: nodeId,
    cluster: z.string().regex(/^[0-9a-f]{16}$/),
  }),
  z.object({
    open: z.literal('io'),
    job: jobId,
    cluster: z
      .string()
      .regex(/^[0-9a-f]{16}$/)
      .nullable(),
    stdoutOffset: offset.nullable(),
    stderrOffset: offset.nullable(),
    deputy: deputy.nullable(),
  }),
  z.object({ open: z.literal('bulk'), ticket }),
]);
export type ParsedOpening = z.infer<typeof openingSchema>;

/** What the source of a move asks of the target (jobs/driver.ts); it comes from another machine. */
export const requirementsSchema = z.object({
  driver,
  cpuFlags: z.array(z.string().max(64)).max(4096),
  arch: z.string().max(32),
  files: z.array(z.object({ path, size: z.number().nonnegative(), id: z.string().max(200) })).max(20_000),
  folders: z.array(path).max(20_000).optional(),
  dir: path.optional(),
  ownClock: z.boolean().optional(),
  rssKib: z.number().nonnegative(),
  pids: z.array(z.number().int().positive()).max(100_000),
  criuVersion: z.number().nullable(),
});

/** Said by another machine, and shown to a user. */
const shown = (most: number) =>
  z
    .string()
    .max(most)
    .transform((said) => plainText(said, most));
const amount = z.number().min(0).max(Number.MAX_SAFE_INTEGER);

/** What a node says of itself and of our guests there; it is another machine's word. */
export const reportSchema = z.object({
  load: amount,
  ownload: amount,
  speed: amount,
  cpus: amount.max(65_536),
  util: z.number().min(0).max(100),
  mem: amount,
  rmem: amount,
  tmem: amount,
  guests: amount,
  freeslots: amount.nullable(),
  block: z.boolean(),
  stay: z.boolean(),
  lstay: z.boolean(),
  quiet: z.boolean(),
  drivers: z.array(shown(32)).max(16),
  version: shown(64),
  beyond: shown(200).optional(),
  upMs: amount.optional(),
});
export const usageSchema = z
  .array(z.object({ job: jobId, pid: z.number().int(), cpu: amount, rssKib: amount, stopped: z.boolean() }))
  .max(100_000);

const flag = z.union([z.literal(0), z.literal(1)]);
const limitMode = z.literal([0, 1, 2]);
const disclosure = z.literal([0, 1, 2, 3]);
const inRange = ([least, most]: readonly [number, number]) => z.number().int().min(least).max(most);
const adminSchema = z.object({
  block: flag,
  bring: flag,
  expel: flag,
  stay: flag,
  lstay: flag,
  quiet: flag,
  nomfs: flag,
  speed: inRange(adminRanges.speed).nullable(),
  speedset: flag,
  sspeed: inRange(adminRanges.sspeed),
  gateways: inRange(adminRanges.gateways),
  decayinterval: inRange(adminRanges.decayinterval),
  slowdecay: inRange(adminRanges.slowdecay),
  fastdecay: inRange(adminRanges.fastdecay),
  checkpoint: inRange(adminRanges.checkpoint),
  maxguests: inRange(adminRanges.maxguests).nullable(),
  jobsroot: path.nullable(),
  disclosure,
  loadlimit: inRange(adminRanges.loadlimit).nullable(),
  loadlimitmode: limitMode,
  cpulimit: inRange(adminRanges.cpulimit).nullable(),
  cpulimitmode: limitMode,
  movecost: inRange(adminRanges.movecost),
  linkspeed: inRange(adminRanges.linkspeed),
  iocost: inRange(adminRanges.iocost),
  migrantcost: inRange(adminRanges.migrantcost),
});
const decaySchema = z.object({
  policy: z.enum(['slow', 'fast', 'none']),
  hint: z.enum(['cpujob', 'iojob', 'none']),
});

export const toolSchemas = {
  ping: nothing,
  status: z.object({ fresh: z.boolean() }),
  watch: z.object({ intervalMs: z.number().int().min(100).max(3_600_000) }),
  report: z.object({ node: nodeId }),
  map: nothing,
  setConfig: z.object({ config: z.unknown(), mospe: z.union([z.literal(0), nodeId]) }),
  setAdmin: z.object({ admin: adminSchema.partial() }),
  settings: nothing,
  setJob: z.object({
    target,
    change: z.object({ lock: z.boolean(), sigmig: signal.nullable(), disclosure }).partial(),
  }),
  on: z.object({
    node: nodeId,
    method: z.string().max(32),
    params: z.unknown(),
    timeoutMs: z.number().int().positive(),
  }),
  setDecay: z.object({ decay: decaySchema }),
  submit: z.object({ spec: jobSpecSchema }),
  jobs: z.object({ all: z.boolean() }),
  why: z.object({ job: jobId }),
  migrate: z.object({ target, to: destination }),
  signal: z.object({ job: jobId, signal }),
  recover: z.object({
    job: jobId,
    to: nodeId.nullable(),
    image: z.number().int().positive().nullable(),
    isForced: z.boolean(),
  }),
  giveUp: z.object({ job: jobId }),
  rebalance: z.object({ dryRun: z.boolean() }),
  bring: z.object({ timeoutMs: z.number().int().positive() }),
  expel: z.object({ timeoutMs: z.number().int().positive() }),
  shutdown: nothing,
} as const;

const folderProbe = z.object({
  format: z.literal(1),
  dir: path,
  file: z
    .object({
      name: z
        .string()
        .max(255)
        .regex(/^[^/]+$/),
      secret: z.string().max(128),
    })
    .nullable(),
  identity: z.object({
    dev: z.string().max(32),
    ino: z.string().max(32),
    mtimeNs: z.string().max(32),
    ctimeNs: z.string().max(32),
    bootId: z.string().max(64),
    network: z.boolean(),
  }),
});

const jobRef = z.object({ job: jobId });
const moveRef = z.object({ job: jobId, generation });
const filesRef = z.object({
  job: jobId,
  part: z.enum(['job', 'cwd', 'image', 'snapshot', 'checkpoint']),
  generation,
});
const sequence = z.number().int().positive();
const inPlace = z.array(z.object({ path, size: offset })).max(1_000);
const keptRef = z.object({ job: jobId, sequence, part: z.enum(['job', 'image']) });
const skipBefore = z.record(z.string().max(64), offset);

export const guestSchemas = {
  'node.report': nothing,
  'node.subscribe': nothing,
  'guest.list': nothing,
  'folder.check': z.object({ probe: folderProbe }),
  'folder.probe': jobRef,
  'folder.unprobe': z.object({ probe: folderProbe }),
  'guest.prepare': z.object({
    job: jobId,
    generation,
    you: nodeId,
    spec: jobSpecSchema,
    jobsRoot: path,
    carried: z.boolean(),
    homecoming: z.boolean(),
    dirProbe: folderProbe.nullable(),
    cwdProbe: folderProbe.nullable(),
    move: z.object({ driver, requirements: z.unknown() }).nullable(),
  }),
  'guest.start': moveRef,
  'guest.probe': jobRef,
  'guest.freeze': z.object({ job: jobId, generation, driver, ticket: ticket.nullable() }),
  'guest.thaw': moveRef,
  'guest.restore': z.object({ job: jobId, generation, driver }),
  'guest.continue': z.object({ job: jobId, generation, driver }),
  'guest.holds': moveRef,
  'guest.revive': moveRef.extend({ frozenFor: generation }),
  'guest.discard': z.object({ job: jobId, generation, keepDir: z.boolean() }),
  'guest.signal': z.object({ job: jobId, signal }),
  'guest.forget': z.object({ job: jobId, generation, keepDir: z.boolean() }),
  'files.list': filesRef,
  'files.send': filesRef.extend({
    known: z.unknown(),
    only: z.array(text).nullable(),
    ticket,
    skipBefore,
  }),
  'files.receive': filesRef.extend({ ticket, limitBytes: z.number().int().nonnegative() }),
  'pages.open': z.object({ job: jobId, generation, driver, ticket }),
  'pages.receive': moveRef,
  'guest.checkpoint': moveRef.extend({ sequence, driver, skipBefore }),
  'guest.checkpointed': jobRef.extend({ sequence }),
  'guest.cutBack': moveRef.extend({ files: inPlace }),
  'guest.lease': z.object({ echoMs: amount, guests: z.array(moveRef).max(100_000) }),
  'kept.put': keptRef.extend({ ticket, limitBytes: z.number().int().nonnegative() }),
  'kept.get': keptRef.extend({ ticket }),
  'kept.only': jobRef.extend({ sequences: z.array(sequence).max(100) }),
  'kept.list': nothing,
  'node.tool': z.object({ method: z.string().max(32), params: z.unknown() }),
  'guest.disclose': jobRef.extend({ disclosure }),
} as const;

const refusal = shown(8_000);
const exit = z.union([
  z.object({ kind: z.literal('code'), code: z.number().int().min(0).max(255) }),
  z.object({ kind: z.literal('signal'), signal: shown(16) }),
  z.object({ kind: z.literal('unknown'), reason: refusal, rebooted: z.boolean().optional() }),
]);
const manifestAnswer = z.object({ manifest: z.unknown() });

/** What a node answers to these; it is another machine's word. Manifests are checked where they are read. */
export const guestAnswers = {
  'node.report': reportSchema,
  'node.subscribe': reportSchema,
  'guest.list': z
    .array(z.object({ job: jobId, generation, phase: z.string().max(32), rebooted: z.boolean().optional() }))
    .max(100_000),
  'folder.check': z.object({ same: z.boolean() }),
  'folder.probe': z.object({ probe: folderProbe }),
  'folder.unprobe': nothing,
  'guest.prepare': z.object({ refused: refusal.nullable(), dirShared: z.boolean() }),
  'guest.start': z.object({ pid: z.number().int() }),
  'guest.probe': z.object({
    drivers: z
      .array(
        z.object({ driver, reasons: z.array(refusal).max(1_000), requirements: z.unknown(), rssKib: amount }),
      )
      .max(16),
  }),
  'guest.freeze': z.union([
    z.object({ kind: z.literal('frozen'), bytes: amount }),
    z.object({ kind: z.literal('ended'), exit }),
  ]),
  'guest.thaw': nothing,
  'guest.restore': nothing,
  'guest.continue': z.object({ pid: z.number().int() }),
  'guest.holds': z.object({ holds: z.boolean() }),
  'guest.revive': nothing,
  'guest.discard': nothing,
  'guest.signal': nothing,
  'guest.forget': nothing,
  'files.list': manifestAnswer,
  'files.send': manifestAnswer.extend({ bytes: amount }),
  'files.receive': z.object({ bytes: amount }),
  'pages.open': nothing,
  'pages.receive': nothing,
  'guest.checkpoint': z.union([
    z.object({
      kind: z.literal('imaged'),
      frozenMs: amount,
      output: z.object({ stdout: amount, stderr: amount }),
      inPlace,
    }),
    z.object({ kind: z.literal('ended') }),
  ]),
  'guest.checkpointed': nothing,
  'guest.cutBack': z.object({ said: z.array(shown(8_000)).max(1_000) }),
  'guest.lease': nothing,
  'kept.put': z.object({ bytes: amount }),
  'kept.get': z.object({ bytes: amount }),
  'kept.only': nothing,
  'kept.list': z.array(jobId).max(100_000),
  'node.tool': z.object({ answer: z.unknown() }),
  'guest.disclose': nothing,
} as const satisfies Record<keyof typeof guestSchemas, z.ZodType>;

const amountOrNull = amount.nullable();
const moveOutcome = z.union([
  z.object({
    moved: z.literal(true),
    job: jobId,
    record: z.object({
      from: nodeId,
      to: nodeId,
      why: shown(100),
      driver: shown(32),
      atMs: amount,
      frozenMs: amount,
      bytes: amount,
    }),
  }),
  z.object({ moved: z.literal(false), job: jobId, where: amount, reason: refusal }),
]);
const fullAdmin = adminSchema.extend({
  mospe: amount,
  jobsroot: shown(4096).nullable(),
  speed: amountOrNull,
});

/** What a tool may ask of the mosd of another node, and what that answers. */
export const remoteTools = {
  settings: z.object({ admin: fullAdmin, decay: decaySchema }),
  setAdmin: z.object({ admin: fullAdmin }),
  setDecay: nothing,
  bring: z.object({ outcomes: z.array(moveOutcome).max(100_000) }),
  expel: z.object({ outcomes: z.array(moveOutcome).max(100_000) }),
} as const;

export const homeSchemas = {
  'home.migrate': z.object({ job: jobId, to: destination }),
} as const;

/** Throws ProtocolError naming the first place that does not fit. */
export function parseShape<S extends z.ZodType>(schema: S, value: unknown, what: string): z.infer<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new ProtocolError(
    `${what}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'does not fit'}`.trim(),
  );
}
