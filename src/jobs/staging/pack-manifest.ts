import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { ProtocolError } from '../../errors.js';
import type { Manifest } from './manifest.js';

const maxJsonBytes = 512 * 1024 * 1024;
const maxPackedBytes = 64 * 1024 * 1024;

/**
 * A manifest as one string, for messages: a line takes 8 MiB, which is some 40 000 files as plain JSON and ten times
 * as many packed. `parseManifest` takes it as it is.
 */
export function packManifest(manifest: Manifest): string {
  return deflateRawSync(JSON.stringify(manifest), { level: 3 }).toString('base64');
}

/** Only unpacks; what comes out is as untrusted as what went in. */
export function unpackJson(packed: string): unknown {
  if (packed.length > maxPackedBytes) throw new ProtocolError('a list of files is damaged: it is too long');
  try {
    const json = inflateRawSync(Buffer.from(packed, 'base64'), { maxOutputLength: maxJsonBytes });
    return JSON.parse(json.toString('utf8')) as unknown;
  } catch (error) {
    throw new ProtocolError('a list of files is damaged: it cannot be unpacked', { cause: error });
  }
}
