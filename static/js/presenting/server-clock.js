/**
 * The server's clock, which all screens of a show follow. Whatever the server says of its time was true a moment before
 * it is heard here; what travelled fastest says it best.
 */
let ahead = -Infinity; // ms that the server's clock is ahead of this page's

function here() {
  return performance.timeOrigin + performance.now();
}

/** `now` in ms since 1970, as the server said it; `heardAt` on this page's clock. */
export function learn(now, heardAt = here()) {
  ahead = Math.max(ahead, now - heardAt);
}

/** What was in the page itself was said when its first byte came. */
export function learnFromPage(now) {
  const [navigation] = performance.getEntriesByType("navigation");
  learn(now, navigation?.responseStart ? performance.timeOrigin + navigation.responseStart : here());
}

/** In ms since 1970. */
export function serverNow() {
  return Number.isFinite(ahead) ? here() + ahead : here();
}
