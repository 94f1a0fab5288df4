/** What a lane's button copies, if that is what was pressed: the answer as it is shown. */
import { announce } from "./announce.js";

export async function copyAnswer(lane, record, event) {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const kept = lane.querySelector("template.lane__shown, template.lane__source");
  await navigator.clipboard.writeText(kept?.content.textContent ?? record.text(lane.dataset.shown === "filtered"));
  button.classList.add("button--done");
  announce(button.dataset.copy);
  setTimeout(() => button.classList.remove("button--done"), 1500);
}
