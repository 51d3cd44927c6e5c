import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import type { GuestRecord } from '../../../src/daemon/guest/record.js';
import { unprotected } from '../../../src/core/protection.js';
import { runLapse } from '../../../src/daemon/guest/lapse.js';
import { grantLease, renewLeases, requireLease, watchLeases } from '../../../src/daemon/guest/lease.js';
import { signal } from '../../../src/daemon/guest/runs.js';
import type { GuestContext } from '../../../src/daemon/guest/service.js';
import { upMs } from '../../../src/daemon/up-time.js';
import { isGone, readStat } from '../../../src/jobs/proc.js';
import { killTree, stopTree, treeOf } from '../../../src/jobs/process-tree.js';
import { aSpec } from '../../job-spec-fixture.js';
import { start, type TestJob } from '../../jobs/job-fixture.js';
import { pollUntil } from '../../poll-until.js';
import { aNode, home, recordOf, type TestNode } from './guest-fixture.js';

const leaseMs = 1_500;
const spec = aSpec({ protection: { ...unprotected, onNodeLoss: 'recover', leaseMs } });
const twoProcesses = ['sh', '-c', 'sleep 1000 & sleep 1000'];

interface Leased {
  readonly node: TestNode;
  readonly context: GuestContext;
  readonly record: GuestRecord;
  readonly job: TestJob;
}

/** A guest under a lease that was granted just now. */
async function aLeased(change: Partial<GuestRecord> = {}): Promise<Leased> {
  const node = aNode();
  const context = await node.context();
  const job = await start(twoProcesses);
  await pollUntil(async () => (await treeOf(job.process)).length === 4);
  const record = await context.guests.save(recordOf(job, { spec, ...change }));
  onTestFinished(() => {
    rmSync(fileOf({ node, context, record, job }, 'lease'), { force: true });
  });
  return { node, context, record, job };
}

function fileOf({ context, record }: Leased, name: string): string {
  return join(context.guests.dirOf(record), name);
}

const expire = (leased: Leased): void =>
  writeFileSync(fileOf(leased, 'lease'), `${Math.floor(upMs() / 10) - 1}\n`);

function renewed({ context, record: { job, generation } }: Leased, echoMs = upMs()): Promise<unknown> {
  return renewLeases(context, home, { echoMs, guests: [{ job, generation }] });
}

/** One letter for each process below the recording sh. */
async function statesOf({ job }: Leased): Promise<string> {
  const pids = (await treeOf(job.process)).filter((pid) => pid !== job.process.pid);
  const stats = await Promise.all(pids.map((pid) => readStat(pid)));
  return stats.map((stat) => (stat && !isGone(stat) ? stat.state : '')).join('');
}
const stands = async (leased: Leased): Promise<boolean> => /^T+$/.test(await statesOf(leased));
const runs = async (leased: Leased): Promise<boolean> => /^[^T]+$/.test(await statesOf(leased));

/** What the warden starts, in this process; ends when nothing is over any more. */
function lapse({ node }: Leased): { readonly ended: Promise<void>; readonly isOver: () => boolean } {
  let isOver = false;
  const ended = runLapse([join(node.dir, 'guests'), join(node.dir, 'history.ndjson')]).finally(() => {
    isOver = true;
  });
  return { ended, isOver: () => isOver };
}

const wardensOf = (node: TestNode): readonly number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const text = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
        return text.includes(join(node.dir, 'guests')) && /moskit-warden|\0lapse\0/.test(text);
      } catch {
        return false;
      }
    })
    .map(Number);

describe('a lease', () => {
  it('is only for guests that may be started elsewhere', async () => {
    const leased = await aLeased();
    await grantLease(leased.context, leased.record);
    await requireLease(leased.context, leased.record);
    const plain = { ...leased.record, job: '1-999', spec: aSpec() };
    await grantLease(leased.context, await leased.context.guests.save(plain));
    expect(existsSync(join(leased.context.guests.dirOf(plain), 'lease'))).toBe(false);
    await requireLease(leased.context, plain);
    rmSync(fileOf(leased, 'lease'));
  });

  it('is counted from the reading that comes back, never shortened, and not for another generation', async () => {
    const leased = await aLeased();
    const until = (): number => Number(readFileSync(fileOf(leased, 'lease'), 'utf8')) * 10;
    const readMs = upMs();
    await renewed(leased, readMs);
    expect(Math.abs(until() - readMs - leaseMs)).toBeLessThan(11);
    const first = until();
    await renewed(leased, readMs - 500);
    expect(until()).toBe(first);
    await renewed(leased, Number.MAX_SAFE_INTEGER);
    expect(until()).toBeLessThanOrEqual(upMs() + leaseMs);
    const last = until();
    const { context, record } = leased;
    await renewLeases(context, home, { echoMs: upMs() + 1, guests: [{ job: record.job, generation: 4 }] });
    expect(until()).toBe(last);
  });

  it('that is over, damaged or missing lets nothing be woken', async () => {
    const leased = await aLeased();
    const asked = (): Promise<void> => requireLease(leased.context, leased.record);
    await expect(asked()).rejects.toThrow('is over');
    expire(leased);
    await expect(asked()).rejects.toThrow('is over');
    writeFileSync(fileOf(leased, 'lease'), '99999999999999999999x\n');
    await expect(asked()).rejects.toThrow('is over');
    await renewed(leased);
    await asked();
  });

  it('goes when the guest ends, and does not come back with a renewal that is late', async () => {
    const leased = await aLeased();
    await renewed(leased);
    await killTree(leased.job.process);
    await leased.context.guests.ended(leased.record, { kind: 'code', code: 0 });
    await renewed(leased);
    expect(existsSync(fileOf(leased, 'lease'))).toBe(false);
  });

  it('of an earlier start of the machine says nothing: its clock began anew', async () => {
    const leased = await aLeased({ boot: 'an earlier start' });
    writeFileSync(fileOf(leased, 'lease'), `${Math.floor(upMs() / 10) + 1_000_000}\n`);
    const next = await leased.node.context();
    await expect(requireLease(next, leased.record)).rejects.toThrow('is over');
  });
});

describe('a guest whose lease is over', () => {
  it('stands still with all its processes, and goes on when it is renewed; then nobody looks any more', async () => {
    const leased = await aLeased();
    expire(leased);
    const { ended, isOver } = lapse(leased);
    await pollUntil(() => stands(leased));
    expect(isOver()).toBe(false);
    expect(readFileSync(fileOf(leased, 'lapsed'), 'utf8')).toBe('[]');
    await expect(requireLease(leased.context, leased.record)).rejects.toThrow('is over');
    await renewed(leased);
    await ended;
    expect(await runs(leased)).toBe(true);
    expect(existsSync(fileOf(leased, 'lapsed'))).toBe(false);
    const told = readFileSync(join(leased.node.dir, 'history.ndjson'), 'utf8');
    expect(told).toMatch(/"lapsed".*\n.*"renewed"/);
  });

  it('stands still also when its lease can not be read', async () => {
    const leased = await aLeased();
    writeFileSync(fileOf(leased, 'lease'), '\0\0\0\0\n');
    const { ended } = lapse(leased);
    await pollUntil(() => stands(leased));
    await renewed(leased);
    await ended;
    expect(await runs(leased)).toBe(true);
  });

  it('leaves standing what the job itself had stopped before', async () => {
    const leased = await aLeased();
    const stopped = (await treeOf(leased.job.process)).at(-1)!;
    process.kill(stopped, 'SIGSTOP');
    await pollUntil(async () => (await readStat(stopped))?.state === 'T');
    expire(leased);
    const { ended } = lapse(leased);
    await pollUntil(() => stands(leased));
    await renewed(leased);
    await ended;
    expect((await readStat(stopped))?.state).toBe('T');
    expect(await statesOf(leased)).toMatch(/[^T]/);
  });

  it('that its user has stopped stays so when the lease is good again', async () => {
    const leased = await aLeased({ userStopped: true });
    await stopTree(leased.job.process);
    expire(leased);
    const { ended } = lapse(leased);
    await pollUntil(() => existsSync(fileOf(leased, 'lapsed')));
    await renewed(leased);
    await ended;
    expect(await stands(leased)).toBe(true);
  });

  it('that its user has stopped and lets go on meanwhile goes on with the lease', async () => {
    const leased = await aLeased({ userStopped: true });
    await stopTree(leased.job.process);
    expire(leased);
    const { ended } = lapse(leased);
    await pollUntil(() => existsSync(fileOf(leased, 'lapsed')));
    await signal(leased.context, home, { job: leased.record.job, signal: 'SIGCONT' });
    expect(await stands(leased)).toBe(true);
    await renewed(leased);
    await ended;
    expect(await runs(leased)).toBe(true);
  });

  it('that stood still for its output when the lease ended goes on when both are good again', async () => {
    const leased = await aLeased({ outputHeld: true });
    await stopTree(leased.job.process);
    expire(leased);
    const { ended } = lapse(leased);
    await pollUntil(() => existsSync(fileOf(leased, 'lapsed')));
    await leased.context.guests.change(leased.record, { outputHeld: false });
    await renewed(leased);
    await ended;
    expect(await runs(leased)).toBe(true);
  });

  it('is stopped though the record of another one can not be read', async () => {
    const leased = await aLeased();
    const other = join(leased.node.dir, 'guests', '0-first');
    execFileSync('mkdir', ['-p', join(other, 'lapsed', 'in the way')]);
    writeFileSync(join(other, 'guest.json'), readFileSync(fileOf(leased, 'guest.json')));
    writeFileSync(join(other, 'lease'), '1\n');
    expire(leased);
    const { ended } = lapse(leased);
    await pollUntil(() => stands(leased));
    await pollUntil(() => existsSync(fileOf(leased, 'lapsed')));
    rmSync(other, { recursive: true });
    await renewed(leased);
    await ended;
  });
});

describe('the warden', () => {
  const nodes: TestNode[] = [];
  afterEach(async () => {
    for (const node of nodes.splice(0)) await pollUntil(() => wardensOf(node).length === 0);
  });

  it('stops the guest without any mosd, lets it go on, and leaves no process behind', async () => {
    const leased = await aLeased();
    await grantLease(leased.context, leased.record);
    leased.context.guests.close();
    await pollUntil(() => wardensOf(leased.node).length === 1);
    await pollUntil(() => stands(leased));
    const next = await leased.node.context();
    watchLeases(next);
    await renewLeases(next, home, {
      echoMs: upMs(),
      guests: [{ job: leased.record.job, generation: leased.record.generation }],
    });
    await pollUntil(() => runs(leased));
    await next.guests.remove(leased.record, true);
    nodes.push(leased.node);
  });

  it('is one, however often it is asked for, and another one when it was killed', async () => {
    const leased = await aLeased();
    const keep = setInterval(() => void renewed(leased), 300);
    onTestFinished(() => clearInterval(keep));
    for (let count = 0; count < 10; count++) await renewed(leased);
    await pollUntil(() => wardensOf(leased.node).length === 1);
    const first = wardensOf(leased.node)[0] ?? 0;
    process.kill(first, 'SIGKILL');
    await pollUntil(() => wardensOf(leased.node).some((pid) => pid !== first));
    clearInterval(keep);
    rmSync(fileOf(leased, 'lease'), { force: true });
    nodes.push(leased.node);
  });
});
