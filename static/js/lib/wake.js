/**
 * The moments in which a page should find out at once whether it is still connected: the network is back, somebody
 * looks at it again, it comes out of the browser's cache, or the computer slept.
 */
const TICK_MS = 5000;
const SLEPT_MS = 5000; // a tick that comes so much too late: nothing ran meanwhile

/** Calls `awake(isNewNetwork)`. For as long as the page lives: there is one connection to a page. */
export function onWake(awake) {
  window.addEventListener("online", () => awake(true));
  window.addEventListener("pageshow", (event) => event.persisted && awake(true));
  document.addEventListener("resume", () => awake(false)); // after the browser had frozen the page
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && awake(false));
  let last = Date.now();
  setInterval(() => {
    const gap = Date.now() - last;
    last = Date.now();
    if (gap > TICK_MS + SLEPT_MS && document.visibilityState === "visible") awake(false);
  }, TICK_MS);
}
