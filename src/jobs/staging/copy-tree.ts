import { PassThrough } from 'node:stream';
import { MoskitError } from '../../errors.js';
import { deltaEntries } from './delta.js';
import { listTree } from './list-tree.js';
import { emptyManifest, type Manifest } from './manifest.js';
import { displayPath } from './byte-path.js';
import { receiveTree } from './receive-tree.js';
import { sendTree } from './send-tree.js';

const limitEntries = 1_000_000;
const limitBytes = 1024 ** 4;

export interface CopyOptions {
  /** What the pass before saw of the source: change times tell what the others can't. */
  readonly before?: Manifest;
  /** Files that are copied whatever they look like (mapped for writing). */
  readonly always?: ReadonlySet<string>;
  /** Of files that only grow: so many bytes at the beginning are not wanted; the copy has a hole there. */
  readonly skipBefore?: Readonly<Record<string, number>>;
  /** Nothing writes to the source: a file that changes while it is copied is an error then. */
  readonly frozen: boolean;
}

/** Makes `to` equal to `from` on this machine, copying only what differs. Answers what it saw of the source. */
export async function copyTree(from: string, to: string, options: CopyOptions): Promise<Manifest> {
  const source = await manifestOf(from);
  const copy = await manifestOf(to).catch(() => emptyManifest());
  const delta = deltaEntries(source, copy, {
    ...(options.before ? { sentBefore: options.before } : {}),
    ...(options.always ? { always: options.always } : {}),
  });
  const pipe = new PassThrough();
  pipe.on('error', () => undefined); // both ends answer for themselves; unheard, it would end this process
  const received = receiveTree({ root: to, input: pipe, limitBytes, limitEntries });
  received.catch((error: unknown) => pipe.destroy(error as Error));
  const [sent] = await Promise.all([
    sendTree({
      root: from,
      entries: delta.entries,
      deletes: delta.deletes,
      sparseBefore: new Map(Object.entries(options.skipBefore ?? {})),
      frozen: options.frozen,
      out: pipe,
    }).finally(() => pipe.end()),
    received,
  ]);
  const torn = sent.unstable[0];
  if (options.frozen && torn)
    throw new MoskitError(
      `${displayPath(torn.path)} ${torn.reason} while the job stood still: its copy can't be relied on`,
    );
  return source;
}

async function manifestOf(root: string): Promise<Manifest> {
  const listing = await listTree(root, { limitEntries });
  if (listing.kind === 'too-large') throw new MoskitError(`${root} holds more than ${limitEntries} files`);
  return listing.manifest;
}
