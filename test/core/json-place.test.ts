import { describe, expect, test } from 'vitest';
import { positionOf } from '../../src/core/json-place.js';

const text = `{
  "format": 1,
  "config": { "entries": [
    { "node": 1, "address": "a:{[" },
    { "node": 2, "count": 0 } ] },
  "jobs": { "1-17": { "lock": "no", "cantmove": [[1], 2] } }
}
`;

describe('positionOf', () => {
  test.each([
    ['format', 2, 13],
    ['config.entries[0].address', 4, 29],
    ['config.entries[1].count', 5, 27],
    ['jobs["1-17"].lock', 6, 31],
    ['jobs["1-17"].cantmove[0][0]', 6, 51],
    ['jobs["1-17"].cantmove[1]', 6, 55],
    ['config.entries[1].address', 5, 5],
    ['admin.block', 1, 1],
  ])('%s stands at line %i, column %i', (place, line, column) => {
    expect(positionOf(text, place)).toEqual({ line, column });
  });
});
