import { parseArgs } from 'node:util';
import { cliFigures } from './cli.js';
import { daemonFigures } from './daemon.js';
import type { Figure } from './figure.js';
import { freezeFigure } from './freeze.js';
import { mosmonFigures } from './mosmon.js';
import { omshFigure } from './omsh.js';
import { bareClient, pollFigure } from './poll.js';
import { rebalanceFigure, spreadFigure } from './spread.js';

/** Every figure is a ratio against a peer or a limit that was measured in the same run. */
const benches: Readonly<Record<string, () => Promise<readonly Figure[]>>> = {
  spread: spreadFigure,
  rebalance: rebalanceFigure,
  freeze: freezeFigure,
  poll: pollFigure,
  cli: cliFigures,
  mosmon: mosmonFigures,
  mosd: daemonFigures,
  omsh: omshFigure,
};

if (process.argv[2] === '--bare-ssh2') await bareClient(process.argv.slice(3));

const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean' }, help: { type: 'boolean' } },
  allowPositionals: true,
});
const unknown = positionals.filter((name) => !Object.hasOwn(benches, name));
if (values.help || unknown.length > 0) {
  console.error(`npm run bench -- [--json] [${Object.keys(benches).join('|')} …]`);
  process.exit(unknown.length > 0 ? 2 : 0);
}

const wanted = positionals.length > 0 ? positionals : Object.keys(benches);
const figures: Figure[] = [];
for (const name of wanted) {
  if (!values.json) console.error(`${name} …`);
  figures.push(...(await benches[name]!()));
}

if (values.json)
  console.log(JSON.stringify(Object.fromEntries(figures.map((figure) => [figure.name, figure]))));
else {
  for (const { name, what, value, must, isMet, detail } of figures) {
    const shown = value === null ? '-' : value.toFixed(2);
    console.log(
      `${isMet ? 'ok  ' : 'MISS'} ${name.padEnd(14)} ${shown.padStart(7)}  must be <= ${String(must).padEnd(5)} ${what}; ${detail}`,
    );
  }
}
process.exit(figures.every((figure) => figure.isMet) ? 0 : 1);
