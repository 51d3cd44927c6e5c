import type { Checkpoint } from '../src/core/checkpoint.js';

/** The record of an image as home writes it down. */
export function anImage(change: Partial<Checkpoint> = {}): Checkpoint {
  return {
    job: '1-4',
    sequence: 7,
    generation: 3,
    driver: 'criu',
    atMs: 1_790_000_000_000,
    keeper: 2,
    bytes: 4_711,
    frozenMs: 12.5,
    output: { stdout: 100, stderr: 0 },
    inPlace: [{ path: '/srv/data/log', size: 12 }],
    requirements: { driver: 'criu' },
    macs: { job: 'ab'.repeat(32), image: 'cd'.repeat(32) },
    ...change,
  };
}
