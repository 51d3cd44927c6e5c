import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expandNodes, findNode, parseNodeList } from '../../src/core/nodes.js';

const nodes = expandNodes({
  entries: [
    { node: 18, address: '10.1.2.254', count: 2 },
    { node: 1, address: 'me@n1.lab', count: 1 },
    { node: 18, address: 'other', count: 1, alias: true },
    { node: 19, address: '10.9.0.1', count: 1, alias: true },
    { node: 19, address: '10.9.0.2', count: 1, alias: true },
  ],
});

test('expandNodes gives each node its address and its aliases, by number', () => {
  expect(nodes).toEqual([
    { node: 1, address: 'me@n1.lab', aliases: [] },
    { node: 18, address: '10.1.2.254', aliases: ['other'] },
    { node: 19, address: '10.1.2.255', aliases: ['10.9.0.1', '10.9.0.2'] },
  ]);
});

test.each([
  ['18', 18],
  [' 19 ', 19],
  ['10.1.2.255', 19],
  ['10.9.0.2', 19],
  ['OTHER', 18],
  ['n1.lab', 1],
  ['me@n1.lab', 1],
  ['7', undefined],
  ['', undefined],
  ['n', undefined],
])('findNode %j is %s', (text, node) => expect(findNode(nodes, text)?.node).toBe(node));

describe('parseNodeList', () => {
  test.each([
    ['1,4-6,8,19-21', [1, 4, 5, 6, 8, 19, 20, 21]],
    ['3', [3]],
    ['5-5, 2', [2, 5]],
    ['2,1-3', [1, 2, 3]],
  ])('%s', (text, expected) => expect(parseNodeList(text)).toEqual({ ok: true, nodes: expected }));

  test.each([
    ['', "'' is no node number and no range such as 4-6"],
    ['1,,2', "'' is no node number and no range such as 4-6"],
    ['6-4', "'6-4' runs backwards"],
    ['0', "'0': node numbers go from 1 to 65535"],
    ['1-65536', "'1-65536': node numbers go from 1 to 65535"],
    ['a', "'a' is no node number and no range such as 4-6"],
  ])('%j is refused: %s', (text, problem) => expect(parseNodeList(text)).toEqual({ ok: false, problem }));

  test('refuses what is not in the map', () => {
    expect(parseNodeList('1-3', new Set([1, 2]))).toEqual({ ok: false, problem: 'node 3 is not in the map' });
  });

  test('never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseNodeList(text)));
  });
});
