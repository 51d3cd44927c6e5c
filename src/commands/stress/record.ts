import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { StressResult, StressSample } from '../../core/stress/report.js';
import { readLimited } from '../../state/read-limited.js';

const limitBytes = 16 * 1024 * 1024;
const line = z.union([
  z.object({
    step: z.string(),
    outcome: z.enum(['passed', 'failed', 'refused']),
    detail: z.string(),
    ms: z.number(),
  }),
  z.object({ ms: z.number(), load: z.record(z.string(), z.number().nullable()) }),
]);

export interface Recorded {
  readonly results: readonly StressResult[];
  readonly samples: readonly StressSample[];
}

const pathIn = (folder: string): string => join(folder, 'run.ndjson');

/** What an earlier run in this folder has done; the half line of one that was killed does not count. */
export async function readRecord(folder: string): Promise<Recorded> {
  const read = await readLimited(pathIn(folder), limitBytes);
  const results: StressResult[] = [];
  const samples: StressSample[] = [];
  for (const text of read.kind === 'ok' ? read.bytes.toString('utf8').split('\n') : []) {
    const parsed = line.safeParse(valueOf(text));
    if (!parsed.success) continue;
    if ('step' in parsed.data) results.push(parsed.data);
    else samples.push(parsed.data);
  }
  return { results, samples };
}

export function record(folder: string, value: StressResult | StressSample): Promise<void> {
  return appendFile(pathIn(folder), `\n${JSON.stringify(value)}`, { mode: 0o600 });
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
