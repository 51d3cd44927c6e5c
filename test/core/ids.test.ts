import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatJobId, homeOf, isJobId, isNodeId } from '../../src/core/ids.js';

describe('node numbers', () => {
  it('go from 1 to 65535', () => {
    expect([1, 7, 65535].map(isNodeId)).toEqual([true, true, true]);
    expect([0, -1, 1.5, 65536, NaN, '1', null, undefined].map(isNodeId)).not.toContain(true);
  });
});

describe('job ids', () => {
  it('name their home', () => {
    const node = fc.integer({ min: 1, max: 65535 });
    fc.assert(
      fc.property(node, fc.integer({ min: 1, max: 999_999_999_999 }), (home, sequence) => {
        const id = formatJobId(home, sequence);
        expect(isJobId(id)).toBe(true);
        expect(homeOf(id)).toBe(home);
      }),
    );
  });

  it.each([
    '',
    '1',
    '1-',
    '-1',
    '0-1',
    '1-0',
    '01-1',
    '1-01',
    '1-1 ',
    '1-1\n',
    '1-1/..',
    '../1-1',
    'a-1',
    '123456-1',
    17,
    null,
  ])('%j is none', (value) => {
    expect(isJobId(value)).toBe(false);
  });

  it('of nobody have no home', () => {
    expect(() => homeOf('nobody')).toThrow('not a job id: nobody');
  });
});
