import type { JobId } from '../../core/ids.js';
import { joinPath, maxNameBytes, nameOf, parentOf } from './byte-path.js';

/** `dir/NAME.moskit-JOB`, and `dir/NAME.moskit-JOB.2` … when that is taken; a long name is cut. */
export function besidePath(path: string, job: JobId, count: number): string {
  const tail = `.moskit-${job}${count === 1 ? '' : `.${count}`}`;
  return joinPath(parentOf(path), nameOf(path).slice(0, maxNameBytes - tail.length) + tail);
}
