/** Why the server did not do what was asked, in one sentence for the person who asked. */
import { text } from "./texts.js";

const AWAY = new Set([502, 503, 504]); // from a proxy before the server, too

/** `ctx` is htmx's, of an answer with an error's status. The server's own sentence, where it gave one. */
export function refusal({ hx, response }) {
  const own = sentence(hx?.trigger);
  if (own) return own;
  if (!AWAY.has(response.status)) return text(response.status >= 500 ? "refused.error" : "refused.page");
  const wait = Number(response.headers.get("Retry-After"));
  return wait > 0 ? text("refused.wait", { n: wait }) : text("refused.away");
}

/** That of the event `playground:notice` in the answer's HX-Trigger. */
function sentence(trigger) {
  if (!trigger?.startsWith("{")) return "";
  return JSON.parse(trigger)["playground:notice"]?.message ?? "";
}
