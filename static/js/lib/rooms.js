/**
 * The rooms that this page is in. What they tell becomes events on the body:
 *
 * - `room:<what>`, with the hint's data as its detail, for what was nudged (`runs.rooms.nudge`);
 * - `room:presence` `{room, watching, people}`;
 * - `room:joined` `{room}`: hints from before were not heard; and `room:rejoined`, if that is so by a lost connection;
 * - `room:lost` `{room, message}`: it is not open to this page, or not any more.
 */
import { socket } from "./socket.js";

const entered = new Map(); // room → { visits, leave, again, presence }

function tell(what, detail) {
  document.body.dispatchEvent(new CustomEvent(`room:${what}`, { detail }));
}

function heard(message) {
  const { op, room } = message;
  const entry = entered.get(room);
  if (op === "nudge") tell(message.what, message.data);
  else if (op === "presence") tell(op, (entry.presence = { room, watching: message.watching, people: message.people }));
  else if (op === "joined") {
    tell(op, { room });
    if (entry.again) tell("rejoined", { room });
    entry.again = true;
  } else if (op === "error") tell("lost", { room, message: message.message });
}

/** Returns the function that leaves; a room that is joined twice is left with the second. */
export function join(room) {
  let entry = entered.get(room);
  if (!entry) {
    entry = { visits: 0, leave: null, again: false, presence: null };
    entered.set(room, entry);
    entry.leave = socket.enter(room, heard);
  }
  entry.visits += 1;
  if (entry.presence) tell("presence", entry.presence);
  return () => {
    entry.visits -= 1;
    if (entry.visits > 0) return;
    entered.delete(room);
    entry.leave();
  };
}
