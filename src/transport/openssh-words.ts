import type { ResolvedHost } from './resolved-host.js';
import { shellWord } from './shell-word.js';

/** Whatever the configuration says: no questions, only hosts that are known, nothing forwarded, nothing else started. */
const strict = [
  'BatchMode=yes',
  'StrictHostKeyChecking=yes',
  'UpdateHostKeys=no',
  'ForwardAgent=no',
  'ForwardX11=no',
  'Tunnel=no',
  'PermitLocalCommand=no',
  'RequestTTY=no',
  'RemoteCommand=none',
];

/** `ssh` and its options for a host, up to the address; jump hosts are held to the same. */
export function opensshWords(host: ResolvedHost, more: readonly string[] = []): readonly string[] {
  const options = [...strict, ...more, ...proxyOption(host)].flatMap((option) => ['-o', option]);
  const file = host.configFile === null ? [] : ['-F', host.configFile];
  return ['ssh', ...file, '-l', host.user, '-p', String(host.port), '-x', '-a', ...options];
}

function proxyOption({ via }: ResolvedHost): readonly string[] {
  if (via.kind !== 'jump') return [];
  const options = ['ControlMaster=no', 'ControlPath=none', 'ClearAllForwardings=yes'];
  // ssh replaces %h and %p of the last words; a % in any other is none of its tokens.
  const words = opensshWords(via.host, options).map((word) => shellWord(word.replaceAll('%', '%%')));
  return [`ProxyCommand=${[...words, '-W', '[%h]:%p', '--', shellWord(via.host.address)].join(' ')}`];
}
