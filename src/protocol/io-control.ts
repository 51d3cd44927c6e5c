import type { JobExit } from '../core/cluster-map.js';
import { plainText } from '../core/plain-text.js';
import { messageOf, ProtocolError } from '../errors.js';
import { encodeFrame, frameTypes } from './frames.js';
import type { IoDown, IoUp } from './messages.js';

export function parseIoUp(payload: Buffer): IoUp {
  const value = parseControl(payload);
  if (value['type'] === 'detach') return { type: 'detach' };
  if (value['type'] === 'signal' && typeof value['signal'] === 'string') {
    return { type: 'signal', signal: value['signal'].slice(0, 16) };
  }
  const { stdout, stderr } = value;
  if (value['type'] === 'delivered' && isOffset(stdout) && isOffset(stderr)) {
    return { type: 'delivered', stdout, stderr };
  }
  throw new ProtocolError('a damaged control frame was sent');
}

export function parseIoDown(payload: Buffer): IoDown {
  const value = parseControl(payload);
  const { type, offset, text, reason, exit, messages } = value;
  if (type === 'stdinTaken' && isOffset(offset)) return { type, offset };
  if (type === 'notice' && typeof text === 'string') return { type, text: plainText(text, 4000) };
  if (type === 'broken' && typeof reason === 'string') return { type, reason: plainText(reason, 1000) };
  if (type === 'ended') {
    return {
      type,
      exit: parseExit(exit),
      messages: typeof messages === 'string' ? plainText(messages, 4000) : '',
    };
  }
  throw new ProtocolError('a damaged control frame was sent');
}

function isOffset(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function parseControl(payload: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(payload.toString('utf8'));
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch (error) {
    throw new ProtocolError(`a control frame that is not JSON was sent: ${messageOf(error)}`);
  }
  throw new ProtocolError('a damaged control frame was sent');
}

export function parseExit(value: unknown): JobExit {
  const exit = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  if (exit['kind'] === 'code' && Number.isInteger(exit['code']))
    return { kind: 'code', code: Number(exit['code']) & 255 };
  if (exit['kind'] === 'signal' && typeof exit['signal'] === 'string') {
    return { kind: 'signal', signal: plainText(exit['signal'], 16) };
  }
  const reason = typeof exit['reason'] === 'string' ? plainText(exit['reason'], 1000) : 'no status was given';
  return { kind: 'unknown', reason, ...(exit['rebooted'] === true ? { rebooted: true } : {}) };
}

/** The frame that says that standard input ends at `offset`. */
export function encodeStdinEnd(offset: number): Buffer {
  const payload = Buffer.alloc(8);
  payload.writeBigUInt64BE(BigInt(offset));
  return encodeFrame(frameTypes.stdinEnd, payload);
}
