import { hostname, userInfo } from 'node:os';

export interface PathTokens {
  readonly address: string;
  readonly hostName: string;
  readonly port: number;
  readonly user: string;
  readonly hostKeyAlias: string | null;
}

/** The home folder as ssh sees it: the one of the user data base, whatever $HOME says. */
export function sshHome(env: NodeJS.ProcessEnv): string {
  try {
    return userInfo().homedir;
  } catch {
    return env['HOME'] ?? '/';
  }
}

/** `~`, `%d %h %p %r %u …` and `${NAME}` in a path of the SSH configuration. */
export function expandPath(path: string, tokens: PathTokens, env: NodeJS.ProcessEnv): string {
  const home = sshHome(env);
  const values: Readonly<Record<string, string>> = {
    '%': '%',
    d: home,
    h: tokens.hostName,
    n: tokens.address,
    p: String(tokens.port),
    r: tokens.user,
    u: localUser(env),
    i: String(process.getuid?.() ?? 0),
    l: hostname(),
    L: hostname().split('.')[0] ?? '',
    k: tokens.hostKeyAlias ?? tokens.hostName,
  };
  return path
    .replace(/^~(?=\/|$)/, home)
    .replace(/\$\{([A-Za-z_]\w*)\}/g, (whole, name: string) => env[name] ?? whole)
    .replace(/%([%dhnpruilLk])/g, (whole, letter: string) => values[letter] ?? whole);
}

function localUser(env: NodeJS.ProcessEnv): string {
  try {
    return userInfo().username;
  } catch {
    return env['USER'] ?? '';
  }
}

/** IdentityAgent: `none`, `SSH_AUTH_SOCK`, `$NAME` or a path; without it SSH_AUTH_SOCK. */
export function agentSocketOf(
  identityAgent: string | null,
  tokens: PathTokens,
  env: NodeJS.ProcessEnv,
): string | null {
  if (identityAgent === 'none') return null;
  if (identityAgent === null || identityAgent === 'SSH_AUTH_SOCK') return nonEmpty(env['SSH_AUTH_SOCK']);
  if (/^\$\w+$/.test(identityAgent)) return nonEmpty(env[identityAgent.slice(1)]);
  return nonEmpty(expandPath(identityAgent, tokens, env));
}

function nonEmpty(value: string | undefined): string | null {
  return value === undefined || value === '' ? null : value;
}
