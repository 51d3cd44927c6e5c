import fc from 'fast-check';
import { test } from 'vitest';
import { parseCpuList } from '../../../src/core/proc/cpu-list.js';
import { parseCpuTimes } from '../../../src/core/proc/cpu-times.js';
import { parseCpuinfo } from '../../../src/core/proc/cpuinfo.js';
import { parseLoadavg } from '../../../src/core/proc/loadavg.js';
import { parseMeminfo } from '../../../src/core/proc/meminfo.js';
import { parseProcessMaps } from '../../../src/core/proc/process-maps.js';
import { parseProcessStatus } from '../../../src/core/proc/process-status.js';

const parsers = {
  parseLoadavg,
  parseCpuTimes,
  parseMeminfo,
  parseCpuinfo,
  parseCpuList,
  parseProcessMaps,
  parseProcessStatus,
};

test.each(Object.entries(parsers))('%s throws on no text', (_, parse) => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parse(text)));
});
