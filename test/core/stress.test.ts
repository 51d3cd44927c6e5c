import { describe, expect, test } from 'vitest';
import { formatStressHtml } from '../../src/core/stress/html.js';
import { formatStressText, summaryOf, type StressReport } from '../../src/core/stress/report.js';

const wicked = '<script>alert("x")</script>&\u001b[31m';
const report: StressReport = {
  version: '0.1.0',
  startedAt: '2026-01-02T03:04',
  nodes: [
    { node: 1, name: 'pc-1', about: '2 × speed 10000' },
    { node: 2, name: wicked, about: 'DEAD' },
  ],
  results: [
    { step: 'distkeygen', outcome: 'passed', detail: '4 keys', ms: 1500 },
    { step: wicked, outcome: 'failed', detail: wicked, ms: 10 },
  ],
  samples: [
    { ms: 0, load: { 1: 0, 2: null } },
    { ms: 1000, load: { 1: 200, 2: 10 } },
  ],
  left: ['moving'],
};

describe('the report of a stress test', () => {
  test('as text says every step and what was left', () => {
    expect(summaryOf(report)).toBe('1 passed, 1 failed, 0 refused, 1 not reached');
    expect(formatStressText(report)).toMatch(/^passed {3}distkeygen +1\.5 s {2}4 keys$/m);
    expect(formatStressText(report)).toContain('no time  moving\n');
  });

  test('as a page runs nothing and loads nothing, whatever nodes are called', () => {
    const page = formatStressHtml(report);
    expect(page).not.toMatch(/<script|\u001b|https?:(?!\/\/www\.w3\.org\/2000\/svg")|<img|<link|on\w+=/);
    expect(page).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;');
    const tags = [...page.matchAll(/<(\/?)([a-z0-9]+)[^>]*?(\/?)>/g)].filter(
      ([, , name, closed]) => closed === '' && name !== 'meta',
    );
    const count = (slash: string): number => tags.filter(([, given]) => given === slash).length;
    expect(count('')).toBe(count('/'));
  });

  test('draws a line for each node, up to the highest load; a node that did not answer has no point there', () => {
    const lines = [...formatStressHtml(report).matchAll(/<polyline [^>]*points="([^"]*)"/g)].map(
      ([, points]) => points,
    );
    expect(lines).toEqual(['40.0,200.0 760.0,40.0', '760.0,192.0']);
  });

  test('of nothing is a report too', () => {
    const nothing: StressReport = { ...report, nodes: [], results: [], samples: [], left: [] };
    expect(formatStressHtml(nothing)).not.toMatch(/NaN|Infinity|undefined/);
    expect(formatStressText(nothing)).toContain('0 passed');
  });
});
