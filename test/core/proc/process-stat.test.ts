import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseProcessStat } from '../../../src/core/proc/process-stat.js';
import { captureText, container, virtualMachine } from './fixtures.js';

const tail =
  ' R 7 20 20 0 -1 4194304 900 0 0 0 800 20 3 4 20 5 2 0 95000 52000000 4096 18446744073709551615 1 1';

describe('parseProcessStat', () => {
  test('reads a captured line', () => {
    expect(parseProcessStat(captureText(virtualMachine, 'proc/300/stat'))).toMatchObject({
      pid: 300,
      comm: 'sleep',
      state: 'S',
      threads: 1,
      startTicks: 412071,
      rssPages: 445,
    });
  });

  test('finds the fields behind a name with blanks and parentheses', () => {
    expect(parseProcessStat(captureText(container, 'proc/20/stat'))).toMatchObject({
      comm: 'work) (R) x',
      state: 'R',
      ppid: 7,
      utimeTicks: 800,
      stimeTicks: 20,
    });
  });

  test('finds them behind any name', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 15 }), (comm) => {
        expect(parseProcessStat(`20 (${comm})${tail}`)).toEqual({
          pid: 20,
          comm,
          state: 'R',
          ppid: 7,
          pgrp: 20,
          session: 20,
          utimeTicks: 800,
          stimeTicks: 20,
          cutimeTicks: 3,
          cstimeTicks: 4,
          nice: 5,
          threads: 2,
          startTicks: 95000,
          rssPages: 4096,
        });
      }),
    );
  });

  test('is null for anything else, and never throws', () => {
    expect(parseProcessStat('')).toBeNull();
    expect(parseProcessStat('20 (x) R 7')).toBeNull();
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseProcessStat(text)));
  });

  test('reads our own', () => {
    const own = parseProcessStat(readFileSync('/proc/self/stat', 'latin1'));
    expect(own).toMatchObject({ pid: process.pid, ppid: process.ppid });
  });
});
