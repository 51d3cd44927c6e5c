import { appendFileSync } from 'node:fs';
import { tryLock } from '../../../src/state/lock-file.js';

/** Takes the lock as often as it can and writes down when it had it; half of the times it dies with it. */
const [path, log, rounds] = process.argv.slice(2) as [string, string, string];
for (let round = 0; round < Number(rounds); round++) {
  const answer = await tryLock(path);
  if (!answer.held) continue;
  appendFileSync(log, `+${process.pid}\n`);
  await new Promise((resolve) => setTimeout(resolve, 1));
  appendFileSync(log, `-${process.pid}\n`);
  if (round % 4 === 3) process.kill(process.pid, 'SIGKILL');
  await answer.release();
}
