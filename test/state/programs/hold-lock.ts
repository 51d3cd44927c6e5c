import { tryLock } from '../../../src/state/lock-file.js';

/** Takes the lock named by its argument, says so, and keeps it until it is killed or its stdin ends. */
const answer = await tryLock(process.argv[2]!);
process.stdout.write(answer.held ? 'held\n' : `refused ${answer.holder.pid}\n`);
if (answer.held) {
  process.stdin.resume();
  process.stdin.on('end', () => void answer.release());
}
