import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
let answer: Promise<boolean> | undefined;

/** Root in a container is often not allowed to; ordinary users never are (not without a user namespace). */
export function mayMakePidNamespaces(): Promise<boolean> {
  answer ??=
    process.getuid?.() === 0
      ? run('unshare', ['--pid', '--fork', 'true']).then(
          () => true,
          () => false,
        )
      : Promise.resolve(false);
  return answer;
}
