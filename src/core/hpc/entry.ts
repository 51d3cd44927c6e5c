import type {
  Admin,
  ClusterConfig,
  DecayPolicy,
  Disclosure,
  GuestView,
  JobView,
  NodeReport,
  NodeView,
} from '../cluster-map.js';
import type { JobId, NodeId } from '../ids.js';
import type { Value, ValueKind } from './value.js';

/** Everything that the tree is read from. */
export interface HpcView {
  readonly admin: Admin;
  readonly decay: DecayPolicy;
  readonly config: ClusterConfig;
  readonly version: string;
  readonly nodes: readonly NodeView[];
  readonly jobs: readonly JobView[];
  readonly guests: readonly GuestView[];
  /** /proc/PID/`file` of the kernel, of a guest's process; null when there is none (any more). */
  readonly procText: (pid: number, file: 'statm' | 'stat') => string | null;
}

/** What writing an entry comes to. Tools ask mosd for it, and mosd does the same after an edit of hpc.json. */
export type HpcChange =
  | { readonly kind: 'admin'; readonly change: Partial<Admin> }
  | { readonly kind: 'mospe'; readonly mospe: NodeId }
  | { readonly kind: 'decay'; readonly change: Partial<DecayPolicy> }
  | { readonly kind: 'sendHome'; readonly verb: 'bring' | 'expel' }
  | { readonly kind: 'nothing' }
  | {
      readonly kind: 'migrate';
      readonly target: JobId | number;
      readonly to: NodeId | 'home' | 'balance';
    }
  | {
      readonly kind: 'job';
      readonly target: JobId;
      readonly change: {
        readonly lock?: boolean;
        readonly sigmig?: string | null;
        readonly disclosure?: Disclosure;
      };
    };

/** One file of /proc/hpc or /proc/PID. `S`: what its folder is about. */
export interface HpcEntry<S> {
  readonly name: string;
  /** Other spellings: where the manual contradicts itself both are taken. */
  readonly aliases?: readonly string[];
  readonly value: ValueKind;
  /** One sentence. */
  readonly help: string;
  /** Absent = it can't be read. */
  readonly read?: (subject: S, view: HpcView) => Value;
  /** Absent = it can't be written. `value` is of the entry's kind. */
  readonly write?: (value: Value, subject: S, view: HpcView) => HpcChange;
}

/** Texts and figures that are only ever read. */
export const anyText: ValueKind = { kind: 'text', shown: 'text', pattern: /^/ };
export const flag: ValueKind = { kind: 'flag' };
export const destination: ValueKind = {
  kind: 'text',
  shown: 'a node number, home (also 0) or balance',
  pattern: /^(\d{1,5}|home|balance)$/,
};

/** What `goto` and `migrate` were given; 0 is home, as it is in openMosix. */
export function destinationOf(value: Value): NodeId | 'home' | 'balance' {
  if (value === 'home' || value === 'balance') return value;
  return Number(value) === 0 ? 'home' : Number(value);
}

export function reading(unit: string): ValueKind {
  return { kind: 'whole', least: 0, most: Number.MAX_SAFE_INTEGER, unit };
}

export type ReportField = keyof NodeReport;
