const ioUringSetup = 425; // the same number on x86-64 and arm64
const enosys = 38;
const auditArch: Readonly<Record<string, number>> = { x64: 0xc000003e, arm64: 0xc00000b7 };

/**
 * Raw BPF program (struct sock_filter[]) for `setpriv --seccomp-filter`: io_uring_setup answers ENOSYS, everything else
 * is allowed. CRIU can't dump an io_uring, and programs (Node.js) do without when there is none. Null for other
 * processors than x86-64 and arm64.
 */
export function withoutIoUring(arch: string): Uint8Array | null {
  const audit = auditArch[arch];
  if (audit === undefined) return null;
  return assemble([
    [0x20, 0, 0, 4], // load the architecture
    [0x15, 0, 3, audit], // another one: allow
    [0x20, 0, 0, 0], // load the system call's number
    [0x15, 0, 1, ioUringSetup],
    [0x06, 0, 0, 0x00050000 | enosys], // SECCOMP_RET_ERRNO
    [0x06, 0, 0, 0x7fff0000], // SECCOMP_RET_ALLOW
  ]);
}

function assemble(program: readonly (readonly [number, number, number, number])[]): Uint8Array {
  const bytes = new Uint8Array(program.length * 8);
  const view = new DataView(bytes.buffer);
  program.forEach(([code, jumpTrue, jumpFalse, value], index) => {
    view.setUint16(index * 8, code, true);
    view.setUint8(index * 8 + 2, jumpTrue);
    view.setUint8(index * 8 + 3, jumpFalse);
    view.setUint32(index * 8 + 4, value, true);
  });
  return bytes;
}
