/** The server draws steps: while some come in, the view of them that is looked at asks again, once a second at most. */
const EVERY_MS = 1000;
const waiting = new WeakSet();

/** `events` are `[t, kind, data]`, as they come in `lane`. */
export function showNewSteps(lane, events) {
  if (waiting.has(lane) || !events.some(([, kind]) => kind.startsWith("step."))) return;
  waiting.add(lane);
  setTimeout(() => {
    waiting.delete(lane);
    const tab = lane.querySelector("[role=tab][aria-selected=true][hx-trigger*=steps-changed]");
    if (lane.hasAttribute("data-live")) tab?.dispatchEvent(new Event("steps-changed"));
  }, EVERY_MS);
}
