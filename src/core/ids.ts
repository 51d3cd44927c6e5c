/** openMosix node number, 1 … 65535. */
export type NodeId = number;

/** `HOME-SEQUENCE`, for example `1-17`: the 17th job born on node 1. Unique in a cluster, and safe as a file name. */
export type JobId = string;

export const maxNodeId = 65535;

export function isNodeId(value: unknown): value is NodeId {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= maxNodeId;
}

const jobIdPattern = /^([1-9]\d{0,4})-([1-9]\d{0,11})$/;

export function isJobId(value: unknown): value is JobId {
  return typeof value === 'string' && jobIdPattern.test(value);
}

export function formatJobId(home: NodeId, sequence: number): JobId {
  return `${home}-${sequence}`;
}

export function homeOf(job: JobId): NodeId {
  const match = jobIdPattern.exec(job);
  if (!match) throw new Error(`not a job id: ${job}`);
  return Number(match[1]);
}
