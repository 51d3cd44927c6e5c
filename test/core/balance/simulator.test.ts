import { describe, expect, test } from 'vitest';
import { simulate, type SimJob, type SimNode, type SimOptions, type SimResult } from './simulator.js';

const seeds = [1, 2, 3, 4, 5];

/** Nodes of 0.4 processors, as in the lab; a move there takes 1.5 to 4 s. */
function labNodes(count: number): SimNode[] {
  return Array.from({ length: count }, (_, index) => ({ node: index + 1, cpus: 1, speed: 4000 }));
}

function jobsOn(start: SimJob['start'], count: number, workMs: number, homes = 1): SimJob[] {
  return Array.from({ length: count }, (_, index) => {
    const home = (index % homes) + 1;
    return {
      job: `${home}-${index + 1}`,
      home,
      start: start === 'place' ? 'place' : home,
      atMs: index * 100,
      workMs,
    };
  });
}

const labMoves = (move: number): number => 1500 + ((move * 977) % 2500);

function forEachSeed(options: SimOptions, check: (result: SimResult) => void): void {
  for (const seed of seeds) check(simulate({ moveMs: labMoves, noise: 0.3, seed, ...options }));
}

function ratio({ makespanMs, idealMs }: SimResult): number {
  return makespanMs / idealMs;
}

describe('in a simulated cluster', () => {
  test('8 equal jobs that start on node 1 of 4 finish within 1.4 of the ideal', () => {
    forEachSeed({ nodes: labNodes(4), jobs: jobsOn(1, 8, 12_000) }, (result) => {
      expect(ratio(result)).toBeLessThan(1.4);
    });
  });

  test('5 of them have left node 1 within 12 s, 6 within 20 s, and then it is enough', () => {
    forEachSeed({ nodes: labNodes(4), jobs: jobsOn(1, 8, 12_000) }, ({ moves }) => {
      const leftBy = (ms: number): number => moves.filter(({ atMs }) => atMs <= ms).length;
      expect(leftBy(12_000)).toBeGreaterThanOrEqual(5);
      expect([leftBy(20_000), leftBy(50_000)]).toEqual([6, 6]);
    });
  });

  test('without balancing they take four times the ideal', () => {
    const result = simulate({ nodes: labNodes(4), jobs: jobsOn(1, 8, 12_000), balance: false });
    expect(ratio(result)).toBeCloseTo(4, 1);
  });

  test('12 jobs placed one after the other finish within 1.1 of the ideal', () => {
    forEachSeed({ nodes: labNodes(4), jobs: jobsOn('place', 12, 12_000) }, (result) => {
      expect(ratio(result)).toBeLessThan(1.1);
    });
  });

  test('jobs on nodes of 20 20 40 40 40 40 % of a processor spread by speed, placed or moved', () => {
    const nodes = [2000, 2000, 4000, 4000, 4000, 4000].map((speed, index) => ({
      node: index + 1,
      cpus: 1,
      speed,
    }));
    forEachSeed({ nodes, jobs: jobsOn('place', 20, 16_000) }, (result) => {
      expect(ratio(result)).toBeLessThan(1.15);
    });
    forEachSeed({ nodes, jobs: jobsOn(1, 20, 16_000) }, (result) => {
      expect(ratio(result)).toBeLessThan(1.4);
    });
  });

  test('in a steady state no job moves more than 3 times in half an hour', () => {
    const jobs = jobsOn(1, 10, 1e9);
    forEachSeed({ nodes: labNodes(4), jobs, limitMs: 1_800_000 }, (result) => {
      expect(result.mostMovesOfOneJob).toBeLessThanOrEqual(3);
      expect(result.moves.length).toBeLessThanOrEqual(12);
    });
  });

  test.each([2, 4])('%d homes that balance at once do not play ping-pong', (homes) => {
    forEachSeed({ nodes: labNodes(8), jobs: jobsOn(1, 16, 24_000, homes) }, (result) => {
      expect(ratio(result)).toBeLessThan(1.3);
      expect(result.mostMovesOfOneJob).toBeLessThanOrEqual(3);
    });
  });

  test('a job leaves for a much faster node and stays there', () => {
    const nodes = [
      { node: 1, cpus: 1, speed: 2000 },
      { node: 2, cpus: 1, speed: 10_000 },
    ];
    forEachSeed({ nodes, jobs: jobsOn(1, 1, 60_000) }, ({ moves }) => {
      expect(moves.map(({ to }) => to)).toEqual([2]);
    });
  });

  test("strangers' load is left alone", () => {
    const nodes = labNodes(3).map((node) => (node.node === 2 ? { ...node, foreign: 3 } : node));
    const jobs = jobsOn('place', 4, 20_000).map((job) => ({ ...job, atMs: job.atMs + 5000 }));
    forEachSeed({ nodes, jobs }, ({ startedOn }) => {
      expect([...startedOn.values()].sort()).toEqual([1, 1, 3, 3]);
    });
  });

  test('the same seed gives the same run', () => {
    const options = { nodes: labNodes(4), jobs: jobsOn(1, 12, 20_000, 2), noise: 1, seed: 9 };
    expect(simulate(options)).toEqual(simulate(options));
  });
});
