/**
 * Keeps a scroll container at its end while the reader is there. Whether they are is known from scroll events, before
 * anything grows; growing alone fires none.
 */
const NEAR_PX = 48;
const followed = new WeakMap();

function track(scroller) {
  let state = followed.get(scroller);
  if (state) return state;
  state = { atEnd: isAtEnd(scroller) };
  followed.set(scroller, state);
  scroller.addEventListener("scroll", () => (state.atEnd = isAtEnd(scroller)), { passive: true });
  return state;
}

export function isAtEnd(scroller) {
  return scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_PX;
}

/** Call before the content grows for the first time. */
export function followEnd(scroller) {
  track(scroller);
}

/** Call after the content grew. */
export function keepAtEnd(scroller) {
  if (track(scroller).atEnd) scroller.scrollTop = scroller.scrollHeight;
}

/** Go to the end, and stay there from now on. */
export function goToEnd(scroller) {
  track(scroller).atEnd = true;
  scroller.scrollTop = scroller.scrollHeight;
}
