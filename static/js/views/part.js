/** A run that continues another: its answer follows the part that it goes on from, which the server has rendered. */
import { fenceOf } from "../lib/markdown.js";

/** Where in `body` the run's own text goes, and the fence of the code block that the part ends in, or null. */
export function afterPart(host, body) {
  const part = host.closest("run-lane")?.querySelector("template.lane__part");
  if (!part) return { body, fence: null };
  const own = document.createElement("div");
  own.className = "prose__part";
  body.append(part.content.cloneNode(true), own);
  return { body: own, fence: fenceOf(part.dataset.fence) };
}
