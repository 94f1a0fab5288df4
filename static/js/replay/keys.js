/** The keys of a player, wherever the focus is, but for where a key has a meaning of its own. */
import { RATES } from "./player.js";

const SECOND_US = 1_000_000;
const TYPING = "input:not([type=checkbox]), textarea, select, [contenteditable], dialog[open]";

const ACTIONS = {
  " ": (player) => player.toggle(),
  k: (player) => player.toggle(),
  ArrowLeft: (player, event) => move(player, event, -1),
  ArrowRight: (player, event) => move(player, event, 1),
  ",": (player) => player.step(-1),
  ".": (player) => player.step(1),
  Home: (player) => player.seek(0),
  End: (player) => player.seek(player.end),
  "-": (player) => changeRate(player, -1),
  "+": (player) => changeRate(player, 1),
  "=": (player) => changeRate(player, 1),
  s: (player) => (player.skipWaits = !player.skipWaits),
};

/** Returns whether the key meant something. */
export function press(player, event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return false;
  const { target, key } = event;
  if (target.closest?.(TYPING)) return false;
  if (key === " " && target.closest?.("a, button, summary, input")) return false;
  if ((key === "Home" || key === "End") && target.closest?.("[data-panel]")) return false; // scrolls it
  if (/^\d$/.test(key)) player.seek((player.end * Number(key)) / 10);
  else if (key in ACTIONS) ACTIONS[key](player, event);
  else return false;
  event.preventDefault();
  return true;
}

function move(player, event, direction) {
  if (event.shiftKey) player.seek(player.t + direction * SECOND_US);
  else player.step(direction);
}

function changeRate(player, direction) {
  const at = RATES.findIndex((rate) => rate >= player.rate);
  player.rate = RATES[Math.min(RATES.length - 1, Math.max(0, at + direction))];
}
