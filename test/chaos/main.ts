import { parseArgs } from 'node:util';
import type { DriverName } from '../../src/core/job-spec.js';
import { faults, type Fault } from '../faults/cases.js';
import { describeCase, faultTable, runFaults } from './faults.js';

const { values } = parseArgs({
  options: {
    drivers: { type: 'string', default: 'criu,app,restart' },
    faults: { type: 'string', default: faults.join(',') },
    labs: { type: 'string', default: '2' },
    json: { type: 'boolean' },
  },
});
const outcomes = await runFaults({
  drivers: values.drivers.split(',') as DriverName[],
  faults: values.faults.split(',') as Fault[],
  labs: Number(values.labs),
  repository: new URL('..', import.meta.url),
  onOutcome: ({ of, job, wrong, seconds }) =>
    console.error(
      `${describeCase(of)} -> ${job}${wrong.map((text) => `; WRONG: ${text}`).join('')} (${seconds.toFixed(0)} s)`,
    ),
});
const bad = outcomes.filter(({ wrong, job }) => wrong.length > 0 || job === 'lost');
const missed = outcomes.filter(({ job }) => job === 'not reached');
if (values.json)
  console.log(JSON.stringify({ injected: outcomes.length - missed.length, wrong: bad.length, outcomes }));
else {
  console.log(faultTable(outcomes));
  console.log(
    `\n${outcomes.length - missed.length} faults injected, ${bad.length} wrong, ${missed.length} steps not reached`,
  );
}
process.exit(bad.length === 0 ? 0 : 1);
