import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseMoveStep, recoveryOf } from '../../../src/core/relocation.js';
import type { HomeContext } from '../../../src/daemon/home/homes.js';
import type { HomeJob } from '../../../src/daemon/home/job.js';
import { undoMove } from '../../../src/daemon/home/recover.js';
import { openJournal } from '../../../src/state/journal.js';
import { pollUntil } from '../../poll-until.js';
import { tempFolder } from '../../state/temp-folder.js';

/** Home with a job on node 2 that was to move to node 3; `target` is how node 3 answers. */
async function moving(target: () => Promise<unknown>) {
  const journal = await openJournal(join(await tempFolder(), 'journal'), parseMoveStep);
  const ends = { from: 2, to: 3, generation: 2 };
  const begin = { step: 'begin', ...ends, driver: 'criu', why: 'asked', dirShared: false, atMs: 0 } as const;
  await journal.append(begin);
  const asked: string[] = [];
  const access = (node: number) => ({
    node,
    call: (method: string) => {
      asked.push(`${node} ${method}`);
      return node === 3 ? target() : Promise.resolve(method === 'guest.list' ? [] : {});
    },
  });
  const record = { job: '1-1', start: { where: 2, generation: 1 }, phase: 'running' };
  const job = { record, journal, unsettled: new Set<number>(), moving: null } as unknown as HomeJob;
  const nothing = { add: () => undefined, write: () => undefined, error: () => undefined };
  const context = {
    nodes: { access, self: 1 },
    history: nothing,
    log: nothing,
    homes: { active: () => [], find: () => job },
  } as unknown as HomeContext;
  return { context, job, journal, ends, asked };
}

it('a move is undone, and the job in home’s hands again, however long the target takes to hear of it', async () => {
  const { context, job, journal, ends, asked } = await moving(() => new Promise(() => undefined));
  await undoMove(context, job, ends, 'the target is dead');
  expect(asked).toEqual(['2 guest.thaw', '3 guest.discard']);
  expect(recoveryOf(journal.entries)).toEqual({ kind: 'nothing' });
});

it('a target that could not be told to discard its copy is looked at again', async () => {
  let answers = 0;
  const { context, job, ends, asked } = await moving(() =>
    answers++ === 0 ? Promise.reject(new Error('a full disk')) : Promise.resolve([]),
  );
  await undoMove(context, job, ends, 'no room');
  await pollUntil(() => asked.includes('3 guest.list'));
  expect(asked.slice(0, 3)).toEqual(['2 guest.thaw', '3 guest.discard', '3 guest.list']);
});
