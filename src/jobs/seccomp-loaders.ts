/** prctl's number, by Node's name of the processor. */
const prctl: Readonly<Record<string, number>> = { x64: 157, arm64: 167 };
const perlScript = `
my ($prctl, $hex) = (shift, shift);
my $filter = pack("H*", $hex);
my $program = pack("S x6 P", length($filter) / 8, $filter);
exit 125 if syscall($prctl + 0, 22, 2, $program) != 0;
exec { $ARGV[0] } @ARGV;
exit 126;
`;
const pythonScript = `
import ctypes, os, signal, sys
code = bytes.fromhex(sys.argv[2])
class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_char_p)]
if ctypes.CDLL(None, use_errno=True).prctl(22, 2, ctypes.byref(Program(len(code) // 8, code))) != 0: os._exit(125)
for ignored in (signal.SIGPIPE, signal.SIGXFSZ): signal.signal(ignored, signal.SIG_DFL)
os.execvp(sys.argv[3], sys.argv[3:])
`;

/** setpriv wants a file; it is gone again before the command starts. */
const setprivScript = `
filter=$(mktemp) && printf "$1" >"$filter" && shift &&
exec setpriv --seccomp-filter "$filter" -- sh -c 'rm -f "$0"; exec "$@"' "$filter" "$@"
`;

/**
 * Words that put a command under a seccomp filter, best first. Neither Node.js nor a shell can make the system call.
 * Perl and Python load the filter with the rights of root alone; setpriv(1), since util-linux 2.41, sets no_new_privs
 * too, and then a program that locks itself in is no longer told by that. (22, 2: PR_SET_SECCOMP, SECCOMP_MODE_FILTER.)
 */
export function filterLoaders(filter: Uint8Array, arch: string): readonly (readonly string[])[] {
  const number = prctl[arch];
  if (number === undefined) return [];
  const hex = Buffer.from(filter).toString('hex');
  const octal = Array.from(filter, (byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
  return [
    ['perl', '-e', perlScript, String(number), hex],
    ['python3', '-I', '-S', '-c', pythonScript, String(number), hex],
    ['sh', '-c', setprivScript, 'setpriv', octal],
  ];
}
