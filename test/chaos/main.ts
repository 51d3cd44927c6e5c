import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { DriverName } from '../../src/core/job-spec.js';
import { faults, scenes, type Fault, type Scene } from '../faults/cases.js';
import { fuzz } from '../fuzz/fuzz.js';
import { exploreLeases, leaseMutants, leaseRules } from '../model/lease-model.js';
import { exploreModel, longBounds, shortBounds } from '../model/explore-model.js';
import { powerLoss } from '../power-loss/power-loss.js';
import type { Outcome } from './outcome.js';
import { describeCase, faultTable, runFaults } from './move-faults.js';
import { hammer } from './hammer/hammer.js';
import { soakFigures } from './soak/figures.js';
import { soak } from './soak/soak.js';

const usage = `npm run chaos -- [--json] [--short] [--seed N] [model|power|fuzz|faults|soak|hammer …]
  soak: [--minutes N] [--logs FOLDER]
  faults: [--drivers criu,app,restart] [--faults ${faults.join(',')}] [--scenes ${scenes.join(',')}] [--labs N] [--step REGEX] [--write FILE]`;

const { values, positionals } = parseArgs({
  options: {
    json: { type: 'boolean' },
    help: { type: 'boolean' },
    /** Minutes instead of an hour. */
    short: { type: 'boolean' },
    seed: { type: 'string', default: '1' },
    drivers: { type: 'string', default: 'criu,app,restart' },
    faults: { type: 'string', default: faults.join(',') },
    scenes: { type: 'string', default: scenes.join(',') },
    labs: { type: 'string', default: '2' },
    /** Only the steps whose name this expression is found in. */
    step: { type: 'string', default: '' },
    /** How long the soak goes on at least. */
    minutes: { type: 'string' },
    /** Where the logs of a soak that went wrong are put. */
    logs: { type: 'string' },
    /** A document whose table between the marks is replaced. */
    write: { type: 'string' },
  },
  allowPositionals: true,
});

const repository = fileURLToPath(new URL('..', import.meta.url));

const parts: Readonly<Record<string, () => Promise<readonly Outcome[]>>> = {
  model: () => Promise.resolve(model()),
  power: async () => {
    const { points, wrong } = await powerLoss(values.short ? { stride: 17 } : {});
    return [
      { what: 'power-loss points in files', figures: `${points} points, ${wrong.length} wrong`, wrong },
    ];
  },
  fuzz: async () => {
    const { inputs, crashes } = await fuzz({
      seed: Number(values.seed),
      inputs: values.short ? 50_000 : 1_000_000,
    });
    return [
      {
        what: 'fuzz inputs',
        figures: `${inputs} inputs, ${crashes.length} crashes`,
        wrong: crashes.map(
          ({ target, seed, inputBase64, error }) => `${target} (seed ${seed}): ${error} ${inputBase64}`,
        ),
      },
    ];
  },
  faults: moveFaults,
  soak: async () =>
    soakFigures(
      await soak({
        seed: Number(values.seed),
        nodes: 20,
        jobs: values.short ? 100 : 500,
        events: values.short ? 50 : 250,
        minutes: Number(values.minutes ?? (values.short ? 0 : 30)),
        atOnce: 40,
        mostTicks: 45,
        repository,
        ...(values.logs === undefined ? {} : { keepLogs: values.logs }),
        onProgress: (text) => {
          console.error(text);
        },
      }),
    ),
  hammer: async () => {
    const { tools, changes, kills, wrong, descriptors } = await hammer({
      repository,
      rounds: values.short ? 2 : 20,
    });
    const open = `descriptors ${descriptors.before} before, ${descriptors.after} after`;
    return [
      {
        what: 'hammer: fifty tools at once',
        figures: `${tools} tools, ${changes} changes, ${kills} kills, ${wrong.length} wrong, ${open}`,
        wrong,
      },
    ];
  },
};

function model(): readonly Outcome[] {
  const { states, violations, mutants } = exploreModel({ bounds: values.short ? shortBounds : longBounds });
  const leases = exploreLeases(leaseRules, values.short ? 8 : 10);
  const leaseMissed = Object.entries(leaseMutants).filter(([, rules]) => !exploreLeases(rules, 12).violation);
  const missed = [...mutants.filter(({ violation }) => violation === null), ...leaseMissed];
  const tried = mutants.length + Object.keys(leaseMutants).length;
  return [
    {
      what: 'states explored by the model of leases',
      figures: `${leases.states} states, ${leases.violation ? 1 : 0} violations`,
      wrong: leases.violation ? [JSON.stringify(leases.violation)] : [],
    },
    {
      what: 'states explored by the model',
      figures: `${states} states, ${violations.length} violations`,
      wrong: violations.map((violation) => JSON.stringify(violation)),
    },
    {
      what: 'mutants of the model caught',
      figures: `${tried - missed.length} of ${tried}`,
      wrong: missed.map((mutant) => JSON.stringify(mutant)),
    },
  ];
}

async function moveFaults(): Promise<readonly Outcome[]> {
  const outcomes = await runFaults({
    drivers: values.drivers.split(',') as DriverName[],
    faults: values.faults.split(',') as Fault[],
    scenes: values.scenes.split(',') as Scene[],
    labs: Number(values.labs),
    step: new RegExp(values.step),
    repository: new URL('..', import.meta.url),
    onOutcome: ({ of, job, wrong, seconds }) => {
      console.error(`${describeCase(of)} -> ${[job, ...wrong].join('; WRONG: ')} (${seconds.toFixed(0)} s)`);
    },
  });
  if (values.write !== undefined) writeTable(values.write, faultTable(outcomes));
  const missed = outcomes.filter(({ job }) => job === 'not reached');
  const wrong = outcomes.flatMap(({ of, job, wrong }) =>
    wrong.length > 0 || job === 'lost' ? [`${describeCase(of)}: ${[job, ...wrong].join('; ')}`] : [],
  );
  const injected = outcomes.length - missed.length;
  return [
    {
      what: 'faults over all steps',
      figures: `${injected} injected, ${wrong.length} wrong, ${missed.length} steps not reached`,
      wrong,
    },
  ];
}

const marks = /(<!-- faults -->)[\s\S]*(<!-- end of faults -->)/;

function writeTable(path: string, table: string): void {
  const text = readFileSync(path, 'utf8');
  if (!marks.test(text)) throw new Error(`${path} has no marks for the table`);
  writeFileSync(
    path,
    text.replace(marks, (_all, begin: string, end: string) => `${begin}\n\n${table}\n\n${end}`),
  );
}

const unknown = positionals.filter((name) => !Object.hasOwn(parts, name));
if (values.help || unknown.length > 0) {
  console.error(usage);
  process.exit(unknown.length > 0 ? 2 : 0);
}
const outcomes: Outcome[] = [];
for (const name of positionals.length > 0 ? positionals : Object.keys(parts)) {
  console.error(`${name} …`);
  outcomes.push(...(await parts[name]!()));
}
if (values.json) console.log(JSON.stringify({ seed: Number(values.seed), outcomes }));
else
  for (const { what, figures, wrong } of outcomes) {
    console.log(`${wrong.length === 0 ? 'ok   ' : 'WRONG'} ${what.padEnd(34)} ${figures}`);
    for (const text of wrong.slice(0, 20)) console.log(`      ${text}`);
  }
process.exit(outcomes.every(({ wrong }) => wrong.length === 0) ? 0 : 1);
