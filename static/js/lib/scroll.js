/** Keeps a scroll container at its end while the reader is there. */
const NEAR_PX = 48;
const followed = new WeakMap();

function track(scroller) {
  let state = followed.get(scroller);
  if (state) return state;
  state = { atEnd: isAtEnd(scroller), top: scroller.scrollTop };
  followed.set(scroller, state);
  scroller.addEventListener("scroll", () => note(scroller, state), { passive: true });
  return state;
}

/** Only going up is leaving the end: the end itself moves away when what has come into sight turns out larger. */
function note(scroller, state) {
  if (isAtEnd(scroller)) state.atEnd = true;
  else if (scroller.scrollTop < state.top) state.atEnd = false;
  state.top = scroller.scrollTop;
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
