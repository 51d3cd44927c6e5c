import type { Checkpoint } from '../../core/checkpoint.js';
import type { JobView, NodeView } from '../../core/cluster-map.js';
import type { JobId, NodeId } from '../../core/ids.js';
import { protectionOf } from '../../core/job-spec.js';
import { placeOf, type MoveStep } from '../../core/relocation.js';
import type { GuestUsage, ProbedDriver } from '../../protocol/guest-messages.js';
import type { Journal } from '../../state/journal.js';
import type { JobEnd } from '../io-server.js';
import type { JobIo } from './job-io.js';
import type { HomeRecord } from './record.js';

/** What the probes of the drivers said last, and when (monotonic clock). */
export interface Mobility {
  readonly probedMs: number;
  readonly drivers: readonly ProbedDriver[];
}

/** A job born here while mosd lives: the record and journal on disk, and run-time handles that never go there. */
export interface HomeJob {
  record: HomeRecord;
  readonly journal: Journal<MoveStep>;
  readonly io: JobIo;
  /** Settles when the job is over, its files are home and its record says so. */
  readonly over: Promise<JobEnd>;
  readonly settleOver: (end: JobEnd) => void;
  readonly noticeListeners: Set<(text: string) => void>;
  /** Connected deputies. */
  deputies: number;
  usage: GuestUsage | null;
  mobility: Mobility | null;
  /** Set while a move is under way. */
  moving: { readonly to: NodeId; step: string; readonly generation?: number } | null;
  /** Nodes whose links came up while it moved: what they hold is looked at when it has arrived. */
  readonly unsettled: Set<NodeId>;
  /** Its node said that it does not know the job, or can't be asked. */
  isUnreachable: boolean;

  /** Node chosen for a job that is not recorded as started yet. */
  placed: NodeId | null;
  /** What the balancer thought of it last. */
  balanceWord: string | null;
  /** Its images, the newest first. */
  images: readonly Checkpoint[];
  readonly care: JobCare;
}

/** How a job is looked after (tend.ts); times are of home's monotonic clock, ms. */
export interface JobCare {
  /** An image, or a start elsewhere, is under way. */
  busy: boolean;
  /** Since when this mosd knows it. */
  readonly knownMs: number;
  /** When home could last have lengthened the lease of what runs. */
  leaseGivenMs: number;
  renewedMs: number;
  nextImageMs: number | null;
  imageTrouble: string;
  nextTryMs: number;
  /** Starts elsewhere that failed, one after the other. */
  triesFailed: number;
  /** A person has said that its node is off. */
  isGivenUp: boolean;
  /** Images that turned out not to be what home had made. */
  readonly damagedImages: Set<number>;
}

export function newCare(): JobCare {
  return {
    busy: false,
    knownMs: performance.now(),
    leaseGivenMs: performance.now(),
    renewedMs: -Infinity,
    nextImageMs: null,
    imageTrouble: '',
    nextTryMs: 0,
    triesFailed: 0,
    isGivenUp: false,
    damagedImages: new Set(),
  };
}

/** How the history names a job: what, as which generation, where. */
export function placeInHistory(job: HomeJob): { readonly job: JobId; generation?: number; node?: NodeId } {
  const place = whereIs(job);
  return { job: job.record.job, ...(place ? { generation: place.generation, node: place.where } : {}) };
}

export function isOver(record: HomeRecord): boolean {
  return record.phase === 'done' || record.phase === 'lost';
}

export function whereIs(job: HomeJob): { readonly where: NodeId; readonly generation: number } | null {
  return job.record.start ? placeOf(job.journal.entries, job.record.start) : null;
}

/** Reasons against a move, as far as probes and rules know them; empty = it can move. */
export function cantmoveOf(job: HomeJob): readonly string[] {
  if (isOver(job.record)) return [];
  const drivers = job.mobility?.drivers;
  if (!drivers) return ['not probed yet'];
  if (drivers.some((driver) => driver.reasons.length === 0)) return [];
  return drivers[0]?.reasons ?? ['no relocation driver works here'];
}

export function driverOf(job: HomeJob): ProbedDriver | null {
  return job.mobility?.drivers.find((driver) => driver.reasons.length === 0) ?? null;
}

export function viewOf(job: HomeJob, home: NodeId, node: NodeView | null): JobView {
  const { record } = job;
  const place = whereIs(job);
  return {
    job: record.job,
    pid: record.detached ? null : (record.spec.deputy?.pid ?? null),
    home,
    where: place?.where ?? job.placed ?? home,
    state: stateOf(job, node),
    nmigs: commitsOf(job),
    generation: place?.generation ?? 0,
    cantmove: cantmoveOf(job),
    driver: driverOf(job)?.driver ?? null,
    lock: record.lock,
    ...(record.sigmig ? { sigmig: record.sigmig } : {}),
    ...(record.spec.disclosure === undefined ? {} : { disclosure: record.spec.disclosure }),
    cpu: isOver(record) ? 0 : (job.usage?.cpu ?? 0),
    rssKib: isOver(record) ? 0 : (job.usage?.rssKib ?? 0),
    command: record.spec.argv.join(' '),
    startedAtMs: record.startedAtMs,
    ...(job.moving ? { moving: { to: job.moving.to, step: job.moving.step } } : {}),
    ...(record.lastMove ? { lastMove: record.lastMove } : {}),
    ...(record.exit ? { exit: record.exit } : {}),
    ...(record.stranded ? { stranded: record.stranded } : {}),
    ...protectionView(job),
  };
}

function protectionView({ record, images }: HomeJob): Pick<JobView, 'protection'> {
  const { checkpointMs, onNodeLoss } = protectionOf(record.spec);
  if (checkpointMs === null && onNodeLoss === 'hold' && images.length === 0) return {};
  const last = images[0];
  const image = last ? { atMs: last.atMs, bytes: last.bytes, keeper: last.keeper } : null;
  return { protection: { onNodeLoss, checkpointMs, image } };
}

/** Counted in the journal, which no killed mosd leaves behind the truth. */
function commitsOf({ journal }: HomeJob): number {
  return journal.entries.filter(({ step }) => step === 'commit').length;
}

function stateOf(job: HomeJob, node: NodeView | null): JobView['state'] {
  const { record } = job;
  if (record.phase === 'done') return 'done';
  if (record.phase === 'lost') return 'lost';
  if (record.phase === 'starting') return 'starting';
  if (record.stranded && !job.moving) return 'stranded';
  if (job.moving) return 'moving';
  if (job.isUnreachable || node?.state === 'down') return 'unreachable';
  return record.userStopped ? 'stopped' : 'running';
}

export function jobIdOf(job: HomeJob): JobId {
  return job.record.job;
}
