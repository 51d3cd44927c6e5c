import type { Random } from '../../fuzz/random.js';

/**
 * plain: stays where it starts · restart: may be started again · app: saves itself on SIGUSR1 · deaf: ignores SIGTERM ·
 * input: repeats its input · mortal: runs until SIGTERM ends it
 */
export const jobKinds = ['plain', 'restart', 'app', 'deaf', 'input', 'mortal'] as const;
export type JobKind = (typeof jobKinds)[number];

export interface JobPlan {
  readonly name: string;
  readonly kind: JobKind;
  readonly ticks: number;
  /** Lines of output in a tick. */
  readonly lines: number;
  readonly code: number;
  /** Started with --detach, and its output fetched with --attach. */
  readonly detached: boolean;
}

export const pauseS = 0.3;

/**
 * Every byte it prints is known. To the witness, a file that is not in its folder and on no other node, it says which
 * life of it is at which tick: two lives at once would be seen there.
 */
export const jobProgram = `name=$1 kind=$2 ticks=$3 lines=$4 code=$5 witness=$6 tick=0 stop= line=
read -r life </proc/sys/kernel/random/uuid
if [ -e "$name.saved" ]; then read -r tick <"$name.saved"; fi
case $kind in
  app) trap 'stop=yes' USR1 ;;
  deaf) trap '' TERM ;;
esac
while [ "$tick" -lt "$ticks" ]; do
  if [ "$kind" = input ]; then
    read -r line || break
    echo "got $line"
  else
    seq $((tick * lines + 1)) $((tick * lines + lines))
  fi
  tick=$((tick + 1))
  echo "tick $tick" >&2
  echo "$life $tick" >>"$witness"
  [ "$kind" = input ] || sleep ${pauseS}
  if [ -n "$stop" ]; then
    echo "$tick" >"$name.new" && mv "$name.new" "$name.saved" && exit 85
  fi
done
echo "$life end" >>"$witness"
exit "$code"
`;

export function planJob(
  random: Random,
  number: number,
  { mayDetach, mostTicks }: { readonly mayDetach: boolean; readonly mostTicks: number },
): JobPlan {
  const kind = random.pick(jobKinds);
  const isBig = random.below(12) === 0;
  return {
    name: `job${number}`,
    kind,
    ticks: 5 + random.below(mostTicks - 5),
    lines: isBig ? 5_000 : 5 + random.below(60),
    code: random.pick([0, 0, 1, 7, 42]),
    detached: mayDetach && kind !== 'input' && kind !== 'mortal' && random.below(6) === 0,
  };
}

export function mosrunOptions({ kind }: JobPlan): readonly string[] {
  if (kind === 'restart') return ['--restartable'];
  return kind === 'app' ? ['--ckpt-signal', 'USR1'] : [];
}

export function inputLine(tick: number): string {
  return `line ${tick} ${'x'.repeat(1 + (tick % 50))}`;
}

/** What it must have printed at its end; one that was to be ended by a signal printed a part of it. */
export function wholeOutput({ kind, ticks, lines }: JobPlan): string {
  const parts =
    kind === 'input'
      ? Array.from({ length: ticks }, (_, tick) => `got ${inputLine(tick)}\n`)
      : Array.from({ length: ticksToRun({ kind, ticks }) * lines }, (_, index) => `${index + 1}\n`);
  return parts.join('');
}

/** A mortal job has more than enough to do when its signal comes late. */
export function ticksToRun({ kind, ticks }: Pick<JobPlan, 'kind' | 'ticks'>): number {
  return kind === 'mortal' ? ticks + 400 : ticks;
}
