/** The state of a replay in the page's URL: a link leads to the same moment, speed and view. */
import { fromSeconds, toSeconds } from "./moment.js";

const WAIT_MS = 300; // browsers allow some hundred changes in half a minute

/** Sets up a loaded player as the URL says; returns whether it is to play at once. */
export function restore(player) {
  const query = new URLSearchParams(location.search);
  if (query.get("skip") === "1") player.skipWaits = true;
  const rate = Number(query.get("rate"));
  if (rate >= 0.1 && rate <= 16) player.rate = rate;
  const at = fromSeconds(query.get("t")) ?? timeOf(player, query.get("seq"));
  if (at !== null) player.seek(at);
  return query.get("play") === "1" && !matchMedia("(prefers-reduced-motion: reduce)").matches;
}

function timeOf(player, seq) {
  if (!/^\d+$/.test(seq ?? "")) return null;
  return player.lanes[0]?.events[Number(seq)]?.[0] ?? null;
}

export function link(player, view) {
  const query = new URLSearchParams();
  if (view !== "answer") query.set("view", view);
  if (player.rate !== 1) query.set("rate", player.rate);
  if (player.skipWaits) query.set("skip", "1");
  if (player.t > 0) query.set("t", toSeconds(player.t));
  const search = query.toString();
  return `${location.origin}${location.pathname}${search && `?${search}`}`;
}

/** Returns a function that writes the state, some time after the last of many calls. */
export function keepCurrent(player, view) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    if (player.isPlaying || location.protocol === "file:") return; // a file's address cannot change
    timer = setTimeout(() => history.replaceState(history.state, "", link(player, view()) + location.hash), WAIT_MS);
  };
}
