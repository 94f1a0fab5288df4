/** How long to wait before the next try to connect, so that a server that comes back is not run over. All in ms. */
export const LONGEST_MS = 15_000;
const FIRST_MS = 500;
const RESTART_SPREAD_MS = 2000; // everybody was closed at once, and is not to come back at once
const TOO_SLOW = 4408; // this socket alone: go on soon
const RESTARTING = 4412;

/** Exponential with full jitter. `failures` counts from 1, since anything was received; `code` closed the last try. */
export function delayBefore(failures, code, random = Math.random) {
  if (code === RESTARTING && failures === 1) return random() * RESTART_SPREAD_MS;
  if (code === TOO_SLOW && failures === 1) return random() * FIRST_MS;
  return random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1));
}
