/**
 * What the program exits with, beside the codes of model/errors.ts: 0 done, 1 error, 2 usage, 3 not found, 4 denied,
 * 5 unreachable, 6 conflict, 7 done in part, 124 out of time, 130 interrupted.
 */
export const usageExit = 2;
export const partialExit = 7;
export const interruptedExit = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
