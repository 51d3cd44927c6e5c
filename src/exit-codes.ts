/** What the tools exit with. `mosrun` passes the job's own code through and uses 125, 126, 127 as env(1) does. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  unreachable: 3,
  refused: 4,
  someNodesFailed: 5,
  mosrunFailed: 125,
  notExecutable: 126,
  notFound: 127,
  interrupted: 130,
} as const;
