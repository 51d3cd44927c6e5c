/** Beside a guest's record: until when it may run, and the mark of one that was stopped because that is over. */
export const leaseFile = 'lease';
export const lapsedFile = 'lapsed';
