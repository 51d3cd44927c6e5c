/** A classic BPF instruction: operation, jumps for true and false, constant. */
type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, k: number];

const loadWord = 0x20; // BPF_LD | BPF_W | BPF_ABS
const jumpIfEqual = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const answer = 0x06; // BPF_RET | BPF_K
const allow = 0x7fff0000;
const fail = 0x00050000; // SECCOMP_RET_ERRNO, with the errno in the low half
const noSuchSystemCall = 38; // ENOSYS
const numberOffset = 0; // in struct seccomp_data
const archOffset = 4;
const ioUringSetup = 425; // the same number everywhere

const auditArchs: Readonly<Record<string, number>> = { x64: 0xc000003e, arm64: 0xc00000b7 };

/**
 * Raw BPF that answers io_uring_setup with "no such system call" and allows everything else. Programs then use what
 * they used before io_uring, and CRIU, which can't save a ring, can save them. Null for other processors.
 */
export function ioUringDenyingFilter(arch: string): Uint8Array | null {
  const auditArch = auditArchs[arch];
  if (auditArch === undefined) return null;
  return assemble([
    [loadWord, 0, 0, archOffset],
    [jumpIfEqual, 0, 3, auditArch],
    [loadWord, 0, 0, numberOffset],
    [jumpIfEqual, 0, 1, ioUringSetup],
    [answer, 0, 0, fail | noSuchSystemCall],
    [answer, 0, 0, allow],
  ]);
}

function assemble(program: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(program.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [index, [code, ifTrue, ifFalse, k]] of program.entries()) {
    view.setUint16(index * 8, code, true);
    view.setUint8(index * 8 + 2, ifTrue);
    view.setUint8(index * 8 + 3, ifFalse);
    view.setUint32(index * 8 + 4, k, true);
  }
  return bytes;
}
