import { parseAuxv } from '../../../src/core/proc/auxv.js';
import * as cgroupFiles from '../../../src/core/proc/cgroup-files.js';
import { findCgroup, parseCgroupMembership } from '../../../src/core/proc/cgroup-place.js';
import { parseCpuList } from '../../../src/core/proc/cpu-list.js';
import { parseCpuTimes, timesOf } from '../../../src/core/proc/cpu-times.js';
import { parseCpuinfo } from '../../../src/core/proc/cpuinfo.js';
import { parseLoadavg } from '../../../src/core/proc/loadavg.js';
import { parseMeminfo } from '../../../src/core/proc/meminfo.js';
import { parseMountinfo } from '../../../src/core/proc/mountinfo.js';
import { parseProcessMaps } from '../../../src/core/proc/process-maps.js';
import { parseProcessStat } from '../../../src/core/proc/process-stat.js';
import {
  parseProcessStatus,
  statusKib,
  statusNamespacePids,
  statusUids,
} from '../../../src/core/proc/process-status.js';
import {
  parseSections,
  parseShFacts,
  parseShSample,
  reportOf,
  stepHistory,
} from '../../../src/core/sh-sample.js';
import { mappedForWriting } from '../../../src/jobs/staging/delta.js';
import { reportSchema } from '../../../src/protocol/schemas.js';
import { corpus, fixture, fixturesIn } from '../corpus.js';
import type { Target } from '../engine.js';
import { must } from './expect.js';

const folder = 'proc/debian-12-cgroup1/proc';
const procFile = (path: string): Buffer => fixture(`${folder}/${path}`);

/** Text that the kernel writes, with names of processes and folders in it that anybody may choose. */
export const procTargets: readonly Target[] = [
  {
    name: 'proc-text',
    share: 10,
    samples: fixturesIn('proc').filter(({ length }) => length > 0 && length < 16_384),
    run: (input) => {
      const text = input.toString('latin1');
      for (const parse of [parseLoadavg, parseMeminfo, parseCpuinfo, parseCpuList, parseProcessMaps])
        parse(text);
      for (const parse of Object.values(cgroupFiles)) parse(text, text);
      const times = parseCpuTimes(text);
      if (times) timesOf(times, new Set([0, 1]));
      const status = parseProcessStatus(text);
      statusKib(status, 'VmRSS');
      statusUids(status);
      statusNamespacePids(status);
      mappedForWriting(text, '/var/tmp');
    },
  },
  {
    name: 'proc-stat',
    share: 4,
    samples: [procFile('300/stat'), ...corpus('proc-stat')],
    run: (input) => {
      const stat = parseProcessStat(input.toString('latin1'));
      if (stat) must(Number.isInteger(stat.pid) && !Number.isNaN(stat.startTicks), 'names no process');
    },
  },
  {
    name: 'cgroups',
    share: 4,
    samples: ['debian-12-cgroup1', 'container-cgroup2'].map((machine) =>
      Buffer.concat([
        fixture(`proc/${machine}/proc/self/cgroup`),
        fixture(`proc/${machine}/proc/self/mountinfo`),
      ]),
    ),
    run: (input) => {
      const text = input.toString('latin1');
      const [memberships, mounts] = [parseCgroupMembership(text), parseMountinfo(text)];
      for (const controller of ['cpu', 'cpuacct', 'memory'] as const)
        findCgroup(controller, memberships, mounts);
    },
  },
  {
    name: 'auxv',
    share: 2,
    samples: [procFile('self/auxv')],
    run: (input) => void parseAuxv(input),
  },
  {
    name: 'sh-sample',
    share: 8,
    samples: corpus('sh-sample'),
    run: (input) => {
      const [facts = '', first = '', second = ''] = input.toString('utf8').split('----\n');
      checkReport(facts, first, second);
    },
  },
];

/** Goes into the map: one value in it that no map may have, and the map could not be written any more. */
function checkReport(factsText: string, ...samples: readonly string[]): void {
  const facts = parseShFacts(parseSections(factsText));
  if (typeof facts === 'string') return;
  let history: Parameters<typeof stepHistory>[0] = null;
  for (const [index, text] of samples.entries()) {
    const sample = parseShSample(parseSections(text), facts, 1000 * (index + 1));
    if (typeof sample === 'string') return;
    const next = stepHistory(history, sample, facts);
    const checked = reportSchema.safeParse(reportOf(history, next, facts));
    must(
      checked.success,
      `makes a report that no map takes: ${checked.error?.issues[0]?.path.join('.') ?? ''}`,
    );
    history = next;
  }
}
