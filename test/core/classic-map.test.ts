import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatClassicMap, parseClassicMap } from '../../src/core/classic-map.js';
import type { ClusterConfig, ConfigEntry } from '../../src/core/cluster-map.js';
import { expandNodes } from '../../src/core/nodes.js';

/** The manual's example of an ALIAS, with its slip corrected: it numbers the third line from 18, which the second has. */
const manual = `# redes 10.1.1
1 10.1.1.100 16 # Los 16 nodos del laboratorio
17 10.1.1.200 8 # El core cluster

# redes 10.1.2
25 10.1.2.100 7
8 10.1.2.107 ALIAS # Nodo de interconexion con la red 10.1.1
32 10.1.2.108 100
`;

function problemsOf(text: string) {
  const answer = parseClassicMap(text);
  return answer.ok ? [] : answer.problems;
}

describe('parseClassicMap', () => {
  test('reads the manual’s example', () => {
    const answer = parseClassicMap(manual);
    expect(answer).toMatchObject({
      ok: true,
      config: {
        comments: ['# redes 10.1.1'],
        entries: [
          { node: 1, address: '10.1.1.100', count: 16, comment: 'Los 16 nodos del laboratorio' },
          { node: 17, address: '10.1.1.200', count: 8, comment: 'El core cluster' },
          { node: 25, address: '10.1.2.100', count: 7, above: ['', '# redes 10.1.2'] },
          { node: 8, address: '10.1.2.107', count: 1, alias: true },
          { node: 32, address: '10.1.2.108', count: 100 },
        ],
      },
    });
  });

  test('gives the manual’s example back as it was', () => {
    const answer = parseClassicMap(manual);
    expect(answer.ok && formatClassicMap(answer.config)).toBe(manual);
  });

  test('takes tabs, CRLF, a byte order mark, small letters and no last newline', () => {
    const answer = parseClassicMap(
      '\uFEFF# top\r\n1\t\tn1   1\t# one\r\n\r\n 2 10.0.0.2 1\r\n1 n1-eth1 alias',
    );
    expect(answer).toEqual({
      ok: true,
      config: {
        comments: ['# top'],
        entries: [
          { node: 1, address: 'n1', count: 1, comment: 'one' },
          { node: 2, address: '10.0.0.2', count: 1, above: [''] },
          { node: 1, address: 'n1-eth1', count: 1, alias: true },
        ],
      },
    });
  });

  test('an empty text is an empty map', () => {
    expect(parseClassicMap('')).toEqual({ ok: true, config: { entries: [] } });
    expect(parseClassicMap('# nobody\n')).toEqual({
      ok: true,
      config: { entries: [], trailer: ['# nobody'] },
    });
  });

  test.each([
    ['0 10.0.0.1 1', 'node number 0 is not between 1 and 65535'],
    ['65536 10.0.0.1 1', 'node number 65536 is not between 1 and 65535'],
    ['x 10.0.0.1 1', "'x' is no node number"],
    ['-1 10.0.0.1 1', "'-1' is no node number"],
    ['1 10.0.0.1 0', '0 is no number of nodes'],
    ['1 10.0.0.1 many', "'many' is neither a number of nodes nor ALIAS"],
    ['65530 10.0.0.1 10', '10 nodes from 65530 on go beyond node 65535'],
    ['1 10.0.0.300 1', "'10.0.0.300' is neither an IP address nor a host name"],
    ['1 10.0.0.250 10', '10 addresses from 10.0.0.250 on go beyond 10.0.0.255; split the range there'],
    ['1 n1 2', 'only an IPv4 address can start a range; n1 needs a count of 1'],
    ['1 127.0.0.1 1', "127.0.0.1 is every machine's own address"],
    ['1 localhost 1', "localhost is every machine's own address"],
    ['1 ::1 1', "::1 is every machine's own address"],
    ['1 10.0.0.1', "'NODE ADDRESS COUNT' or 'NODE ADDRESS ALIAS' was expected, not 2 words"],
    ['1 10.0.0.1 1 more', 'was expected, not 4 words'],
    ['hello', "was expected, not one word ('hello')"],
  ])('%j: %s', (line, message) => {
    expect(problemsOf(`# first\n${line}\n`)).toEqual([
      { line: 2, message: expect.stringContaining(message) as string },
    ]);
  });

  test.each([
    ['1 10.0.0.1 4\n3 10.0.1.1 4', 2, 'nodes 3 to 4 are already given by line 1'],
    ['3 10.0.1.1 4\n1 10.0.0.1 4', 2, 'nodes 3 to 4 are already given by line 1'],
    ['1 10.0.0.1 1\n1 10.0.0.2 1', 2, 'node 1 is already given by line 1'],
    ['1 10.0.0.1 4\n9 10.0.0.3 4', 2, 'addresses 10.0.0.3 to 10.0.0.4 are already given by line 1'],
    ['1 10.0.0.1 1\n\n2 10.0.0.1 1', 3, 'address 10.0.0.1 is already given by line 1'],
    ['1 10.0.0.1 200\n300 10.0.0.5 1', 2, 'address 10.0.0.5 is already given by line 1'],
    ['1 n1 1\n2 N1 1', 2, 'N1 is already given by line 1'],
    ['1 10.0.0.1 1\n1 10.0.0.1 ALIAS', 2, 'ALIAS address 10.0.0.1 lies inside the range of line 1'],
    ['1 10.0.0.1 1\n1 a ALIAS\n1 a ALIAS', 3, 'a is already given by line 2'],
    ['1 10.0.0.1 1\n1 10.0.0.9 ALIAS\n1 10.0.0.9 ALIAS', 3, 'address 10.0.0.9 is already given by line 2'],
    ['8 10.0.0.9 ALIAS\n1 10.0.0.1 3', 1, 'ALIAS of node 8, which the map does not have'],
  ])('%j: line %d, %s', (text, line, message) => {
    expect(problemsOf(text)).toEqual([{ line, message: expect.stringContaining(message) as string }]);
  });

  test('says of the manual’s wrong example that the ALIAS needs the range split', () => {
    const wrong = manual.replace('25 10.1.2.100 7', '25 10.1.2.100 108').replace('32 10.1.2.108 100\n', '');
    expect(problemsOf(wrong)).toEqual([
      {
        line: 7,
        message: 'ALIAS address 10.1.2.107 lies inside the range of line 6; split that range around it',
      },
    ]);
  });

  test('finds the slip in the manual’s example', () => {
    expect(problemsOf(manual.replace('25 10.1.2.100 7', '18 10.1.2.100 7'))).toEqual([
      { line: 6, message: 'nodes 18 to 24 are already given by line 3' },
    ]);
  });

  test('finds all that lies inside a long range, not just the first', () => {
    expect(problemsOf('1 10.0.0.1 200\n300 10.0.0.5 1\n400 10.0.0.100 1').map(({ line }) => line)).toEqual([
      2, 3,
    ]);
  });

  test('blames the ALIAS also when it comes first', () => {
    expect(problemsOf('1 10.0.0.3 ALIAS\n1 10.0.0.1 5')).toMatchObject([{ line: 1 }]);
  });

  test('names every problem, in the order of the lines', () => {
    expect(problemsOf('x\n1 10.0.0.1 1\n1 127.0.0.1 1\n2 10.0.0.1 1\nx').map(({ line }) => line)).toEqual([
      1, 3, 4, 5,
    ]);
  });

  test('a hundred problems are enough', () => {
    const problems = problemsOf('bad line\n'.repeat(5000));
    expect(problems).toHaveLength(101);
    expect(problems.at(-1)).toEqual({ line: 101, message: '… and 4900 more problems from here on' });
  });

  test('a text that is far too large is refused at once, the largest map is not', () => {
    expect(problemsOf('#'.repeat(9 * 1024 * 1024))).toHaveLength(1);
    const largest = Array.from(
      { length: 65535 },
      (_, n) => `${n + 1} node-${n + 1}.lab.example.org 1 # comment`,
    );
    expect(parseClassicMap(largest.join('\n')).ok).toBe(true);
  });

  test('never throws, whatever the text', () => {
    const word = fc.oneof(fc.constantFrom('ALIAS', '1', '0', '10.0.0.1', '#', 'n1', '65535'), fc.string());
    const line = fc.array(word, { maxLength: 5 }).map((words) => words.join(' '));
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const answer = parseClassicMap(lines.join('\n'));
        if (answer.ok) expandNodes(answer.config);
        else expect(answer.problems.every((problem) => problem.line >= 1)).toBe(true);
      }),
    );
  });
});

const remark = fc.oneof(
  fc.constant(''),
  fc.string({ unit: 'grapheme-ascii' }).map((text) => `# ${text.trim()}`.trim()),
);
const remarks = fc.array(remark, { minLength: 1, maxLength: 3 });
const comment = fc.string({ unit: 'grapheme-ascii', minLength: 1 }).map((text) => `x${text.trim()}`);

/** Maps that keep the rules: node ranges one after the other, each in a network of its own. */
const configs: fc.Arbitrary<ClusterConfig> = fc
  .record(
    {
      ranges: fc.array(
        fc.record(
          {
            gap: fc.nat(3),
            count: fc.integer({ min: 1, max: 200 }),
            isName: fc.boolean(),
            aliased: fc.boolean(),
            comment,
            above: remarks,
          },
          { requiredKeys: ['gap', 'count', 'isName', 'aliased'] },
        ),
        { maxLength: 20 },
      ),
      comments: remarks,
      trailer: remarks,
    },
    { requiredKeys: ['ranges'] },
  )
  .map(({ ranges, comments, trailer }) => {
    let node = 1;
    const entries = ranges.flatMap(
      ({ gap, count, isName, aliased, comment: said, above }, index): ConfigEntry[] => {
        node += gap;
        const entry = {
          node,
          address: isName ? `n${node}` : `10.0.${index}.7`,
          count: isName ? 1 : count,
          ...(said !== undefined && { comment: said }),
          ...(above !== undefined && index > 0 && { above }),
        };
        const alias = { node, address: `10.1.0.${index}`, count: 1, alias: true };
        node += entry.count;
        return aliased ? [entry, alias] : [entry];
      },
    );
    if (entries.length === 0) return { entries, ...(trailer && { trailer }) };
    return { entries, ...(comments && { comments }), ...(trailer && { trailer }) };
  });

describe('formatClassicMap', () => {
  test('is read back as the very same map', () => {
    fc.assert(
      fc.property(configs, (config) => {
        expect(parseClassicMap(formatClassicMap(config))).toEqual({ ok: true, config });
      }),
    );
  });

  test('makes one comment line of a comment that has none or several', () => {
    const config = {
      entries: [{ node: 1, address: 'n1', count: 1, comment: 'a\nb' }],
      comments: ['hello\r\n2 n2 1'],
    };
    expect(formatClassicMap(config)).toBe('# hello 2 n2 1\n1 n1 1 # a b\n');
  });
});
