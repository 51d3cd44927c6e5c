import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  afterLoss,
  isLeased,
  isLeaseOver,
  leaseGraceMs,
  leaseUntil,
  mayGoBack,
  unprotected,
  type Protection,
} from '../../src/core/protection.js';

const withRule = (change: Partial<Protection>): Protection => ({ ...unprotected, ...change });

describe('protection against the loss of a node', () => {
  it.each([
    ['hold', false, 'lose'],
    ['hold', true, 'wait'],
    ['restart', false, 'restart'],
    ['restart', true, 'restart'],
    ['recover', false, 'restart'],
    ['recover', true, 'recover'],
  ] as const)('%s with an image: %s -> %s', (onNodeLoss, hasImage, wanted) => {
    expect(afterLoss(withRule({ onNodeLoss }), hasImage)).toBe(wanted);
  });

  it('a job that nobody starts elsewhere by itself needs no lease', () => {
    expect(
      ['hold', 'restart', 'recover'].map((rule) => isLeased(withRule({ onNodeLoss: rule as 'hold' }))),
    ).toEqual([false, true, true]);
  });

  it('input is kept for every job that may have to read it again', () => {
    expect(mayGoBack(unprotected)).toBe(false);
    expect(mayGoBack(withRule({ checkpointMs: 1_000 }))).toBe(true);
    expect(mayGoBack(withRule({ onNodeLoss: 'restart' }))).toBe(true);
  });
});

describe('a lease', () => {
  const ms = fc.integer({ min: 0, max: 10 ** 9 });
  const leases = fc.integer({ min: 1, max: 10 ** 7 });

  it('never runs for longer than its length from now, however late or wrong the reading that comes back', () => {
    fc.assert(
      fc.property(ms, leases, ms, (echoMs, leaseMs, nowMs) => {
        expect(leaseUntil(echoMs, leaseMs, nowMs)).toBeLessThanOrEqual(nowMs + leaseMs);
        expect(leaseUntil(echoMs, leaseMs, nowMs)).toBeLessThanOrEqual(echoMs + leaseMs);
      }),
    );
  });

  it('is believed to be over only when the lease and the grace have passed', () => {
    fc.assert(
      fc.property(leases, ms, ms, (leaseMs, givenMs, laterMs) => {
        const isOver = isLeaseOver(withRule({ leaseMs }), givenMs, givenMs + laterMs);
        expect(isOver).toBe(laterMs > leaseMs + leaseGraceMs(leaseMs));
      }),
    );
  });

  it('home, which counts from a moment after the reading, always waits until the guest stands still', () => {
    fc.assert(
      fc.property(ms, ms, ms, leases, (readMs, wayMs, skewMs, leaseMs) => {
        // The node's clock reads `readMs`; home hears of it later and has another zero.
        const givenMs = readMs + wayMs + skewMs;
        const until = leaseUntil(readMs, leaseMs, readMs + wayMs);
        const believesAtMs = givenMs + leaseMs + leaseGraceMs(leaseMs) + 1;
        expect(isLeaseOver(withRule({ leaseMs }), givenMs, believesAtMs)).toBe(true);
        expect(believesAtMs - skewMs).toBeGreaterThan(until);
      }),
    );
  });
});
