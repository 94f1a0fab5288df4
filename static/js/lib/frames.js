/**
 * Drawing in animation frames, at most 30 a second: more cannot be read. Views ask for a frame; each frame draws the
 * asking views until its time is spent, so that no task grows long however much text came at once. Nothing is drawn
 * while the page is hidden.
 */
const BUDGET_MS = 8;
const INTERVAL_MS = 30; // every second frame of a 60 Hz screen
const waiting = new Set();
let requested = false;
let drawn = 0;

/** `view.draw(deadline)` is called in the next frame, and again in later ones while it returns true (there is more). */
export function requestDraw(view) {
  waiting.add(view);
  schedule();
}

export function cancelDraw(view) {
  waiting.delete(view);
}

function schedule() {
  if (requested) return;
  requested = true;
  requestAnimationFrame(drawAll);
}

function drawAll(now) {
  requested = false;
  if (now - drawn < INTERVAL_MS) return schedule();
  drawn = now;
  const deadline = now + BUDGET_MS;
  const views = [...waiting];
  waiting.clear();
  for (const view of views) {
    if (performance.now() >= deadline || view.draw(deadline)) waiting.add(view);
  }
  if (waiting.size > 0) schedule();
}
