import { summaryOf, type StressReport } from './report.js';

const colours = ['#1f77b4', '#d62728', '#2ca02c', '#9467bd', '#ff7f0e', '#17becf', '#8c564b', '#7f7f7f'];
const style =
  'body{font:14px sans-serif;max-width:60em;margin:2em auto}table{border-collapse:collapse}' +
  'td,th{padding:.2em .8em;text-align:left;border-bottom:1px solid #ddd}' +
  '.passed{color:#070}.failed{color:#b00;font-weight:bold}.refused{color:#960}';

/** One page with everything in it: it can be sent as it is, and loads nothing. */
export function formatStressHtml(report: StressReport): string {
  const rows = report.results.map(
    ({ step, outcome, detail, ms }) =>
      `<tr><td class="${outcome}">${outcome}</td><td>${escapeHtml(step)}</td><td>${(ms / 1000).toFixed(1)} s</td><td>${escapeHtml(detail)}</td></tr>`,
  );
  const left = report.left.map(
    (step) => `<tr><td>no time</td><td>${escapeHtml(step)}</td><td></td><td></td></tr>`,
  );
  const nodes = report.nodes.map(
    ({ node, name, about }, at) =>
      `<li><span style="color:${colourOf(at)}">■</span> node ${node} (${escapeHtml(name)}): ${escapeHtml(about)}</li>`,
  );
  return [
    '<!doctype html>',
    `<html lang="en"><head><meta charset="utf-8"><title>moskit stress test</title><style>${style}</style></head><body>`,
    `<h1>moskit ${escapeHtml(report.version)}: stress test of ${escapeHtml(report.startedAt)}</h1>`,
    `<p>${escapeHtml(summaryOf(report))}</p>`,
    `<ul>${nodes.join('')}</ul>`,
    '<h2>Load of the nodes</h2>',
    loadPlot(report),
    '<h2>Time of the steps</h2>',
    timePlot(report),
    '<h2>Steps</h2>',
    `<table><tr><th></th><th>step</th><th>time</th><th></th></tr>${[...rows, ...left].join('')}</table>`,
    '</body></html>',
    '',
  ].join('\n');
}

const width = 800;
const height = 240;
const margin = 40;

function loadPlot({ nodes, samples }: StressReport): string {
  const lastMs = Math.max(1, ...samples.map(({ ms }) => ms));
  const most = Math.max(
    100,
    ...samples.flatMap(({ load }) => Object.values(load).map((value) => value ?? 0)),
  );
  const x = (ms: number): string => (margin + (ms / lastMs) * (width - 2 * margin)).toFixed(1);
  const y = (load: number): string => (height - margin - (load / most) * (height - 2 * margin)).toFixed(1);
  const lines = nodes.map(({ node }, at) => {
    const points = samples.flatMap(({ ms, load }) => {
      const value = load[node] ?? null;
      return value === null ? [] : [`${x(ms)},${y(value)}`];
    });
    return `<polyline fill="none" stroke="${colourOf(at)}" stroke-width="1.5" points="${points.join(' ')}"/>`;
  });
  const axes =
    `<path d="M${margin} ${margin}V${height - margin}H${width - margin}" fill="none" stroke="#333"/>` +
    `<text x="4" y="${margin}">${Math.round(most)}</text><text x="4" y="${height - margin}">0</text>` +
    `<text x="${width - margin}" y="${height - 12}" text-anchor="end">${(lastMs / 1000).toFixed(0)} s</text>`;
  return svg(height, axes + lines.join(''));
}

function timePlot({ results }: StressReport): string {
  const most = Math.max(1, ...results.map(({ ms }) => ms));
  const bars = results.map(({ step, ms, outcome }, at) => {
    const fill = outcome === 'passed' ? '#2ca02c' : outcome === 'failed' ? '#d62728' : '#bbb';
    const length = Math.max(1, (ms / most) * (width - 300)).toFixed(1);
    return (
      `<text x="0" y="${at * 22 + 15}">${escapeHtml(step)}</text>` +
      `<rect x="220" y="${at * 22 + 3}" width="${length}" height="15" fill="${fill}"/>`
    );
  });
  return svg(results.length * 22 + 4, bars.join(''));
}

function svg(tall: number, content: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${tall}" width="${width}" font-family="sans-serif" font-size="12">${content}</svg>`;
}

function colourOf(at: number): string {
  return colours[at % colours.length]!;
}

/** Names and reasons come from other machines. */
function escapeHtml(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '?')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
