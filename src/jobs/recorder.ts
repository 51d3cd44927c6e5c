import { accessSync, constants } from 'node:fs';
import { feederWords, keeperWords } from './stdin-words.js';

/** Every signal that ends a process and can be caught; the same numbers on x86 and arm. */
const deadly = '1 2 3 10 12 13 14 15 16 24 25 26 27 29 30';

/**
 * The recording sh, first process of every job. It outlives the signals that reach the command's group: they are
 * trapped, because a trap is undone in the command while an ignored signal would be inherited. `exec` in a subshell
 * runs programs only, never a builtin of this sh. Its own stderr is `messages`: sh says something there only when the
 * command died of a signal. No process of the background is its direct child, or bash would report their deaths too.
 *
 * Arguments: umask, folder, stdin mode, exit code and text of a problem that is known already, command. Variables
 * carry a prefix because a shell hands on what is in its environment, changed or not. Descriptor 3 tells who it is
 * and waits for the word to go, so that no job runs that nobody knows of.
 */
export const recorderScript = `
trap : ${deadly}
_mk_umask=$1 _mk_dir=$2 _mk_in=$3 _mk_code=$4 _mk_problem=$5
shift 5
umask 077
read -r _mk_self </proc/self/stat
echo "$_mk_self" >&3
read -r _mk_go <&3 || exit 125
exec 3>&- 2>>"$_mk_dir/messages"
if [ -n "$_mk_problem" ]; then
  echo "$_mk_problem" >&2
else
  if [ "$_mk_in" = stream ]; then
    _mk_keeper=$( (trap '' ${deadly}; PATH=/usr/bin:/bin:$PATH; exec ${keeperWords.join(' ')}) </dev/null >/dev/null 2>&1 & echo $!)
    ( (trap '' ${deadly}; trap - 13; PATH=/usr/bin:/bin:$PATH; exec ${feederWords('"$_mk_keeper"', '"$_mk_dir/stdin.data"').join(' ')}) </dev/null >"$_mk_dir/stdin" 2>/dev/null &)
    (umask "$_mk_umask"; exec "$@") <"$_mk_dir/stdin" >>"$_mk_dir/stdout" 2>>"$_mk_dir/stderr"
  else
    (umask "$_mk_umask"; exec "$@") </dev/null >>"$_mk_dir/stdout" 2>>"$_mk_dir/stderr"
  fi
  _mk_code=$?
fi
PATH=/usr/bin:/bin:$PATH
until echo "$_mk_code" >"$_mk_dir/exit" || [ ! -d "$_mk_dir" ]; do sleep 1; done 2>/dev/null
[ -z "$_mk_keeper" ] || kill -9 "$_mk_keeper" 2>/dev/null
`;

const plainName = /^[A-Za-z_][A-Za-z0-9_]*=/;

/**
 * dash is the smallest, but drops names of the environment that are none in a shell (bash's exported functions);
 * bash keeps them, and says nothing of deaths by signal in its POSIX mode, so it must not be started as sh.
 */
export function recorderShell(env: readonly string[]): readonly string[] {
  const keepsAll = env.every((pair) => plainName.test(pair));
  const dash = firstProgram(['/usr/bin/dash', '/bin/dash']);
  if (dash && keepsAll) return [dash];
  const bash = firstProgram(['/usr/bin/bash', '/bin/bash']);
  return bash ? [bash, '-p'] : [dash ?? '/bin/sh'];
}

function firstProgram(paths: readonly string[]): string | undefined {
  return paths.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
