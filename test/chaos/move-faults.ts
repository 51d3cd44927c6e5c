import type { DriverName } from '../../src/core/job-spec.js';
import { allCases, type Fault, type FaultCase, type Scene } from '../faults/cases.js';
import { startFaultLab } from '../faults/lab.js';
import { runCase, type CaseOutcome } from '../faults/run-case.js';

export interface FaultRun {
  readonly drivers: readonly DriverName[];
  readonly faults: readonly Fault[];
  readonly scenes: readonly Scene[];
  readonly step: RegExp;
  /** Labs side by side. */
  readonly labs: number;
  readonly repository: URL;
  onOutcome(outcome: CaseOutcome): void;
}

/** Every case once. */
export async function runFaults(run: FaultRun): Promise<readonly CaseOutcome[]> {
  const waiting = allCases(run).filter(({ step }) => run.step.test(step));
  const outcomes: CaseOutcome[] = [];
  await Promise.all(
    Array.from({ length: run.labs }, async (_, index) => {
      const lab = await startFaultLab(run.repository, `chaos-${process.pid}-${index}`);
      try {
        for (let of = waiting.shift(); of; of = waiting.shift()) {
          const outcome = await runCase(lab, of, `case-${waiting.length}`);
          outcomes.push(outcome);
          run.onOutcome(outcome);
        }
      } finally {
        await lab.down();
      }
    }),
  );
  return outcomes;
}

/** Markdown: one row for each step and party, one column for each driver and fault. */
export function faultTable(outcomes: readonly CaseOutcome[]): string {
  const columns = [...new Set(outcomes.map(({ of }) => `${of.driver} ${of.fault}`))].sort();
  const rowOf = ({ scene, party, step }: FaultCase): string => `${scene ?? 'move'} | ${party} | ${step}`;
  const rows = [...new Set(outcomes.map(({ of }) => rowOf(of)))];
  const cell = (row: string, column: string): string => {
    const found = outcomes.find(({ of }) => rowOf(of) === row && `${of.driver} ${of.fault}` === column);
    if (!found) return '';
    return found.wrong.length > 0 ? `**${found.wrong.join('; ')}**` : found.job;
  };
  return [
    `| | party | step | ${columns.join(' | ')} |`,
    `| --- | --- | --- |${columns.map(() => ' --- |').join('')}`,
    ...rows.map((row) => `| ${row} | ${columns.map((column) => cell(row, column)).join(' | ')} |`),
  ].join('\n');
}

export function describeCase({ driver, scene = 'move', party, step, fault }: FaultCase): string {
  return `${driver}, ${scene}: ${fault} of ${party} at '${step}'`;
}
