/** What a view says that shows only the beginning of a very long text, with a link to where all of it is. */
import { text } from "../lib/texts.js";

export function onlyBeginning(host, view, shown) {
  const note = document.createElement("p");
  note.className = "notice";
  note.append(text("shown.beginning", { n: shown.toLocaleString() }));
  const tab = host.closest("run-lane")?.querySelector(`[role=tab][data-view=${view}][href*="/runs/"]`);
  if (tab) {
    const link = document.createElement("a");
    link.href = tab.href;
    link.textContent = text("shown.all");
    note.append(" ", link);
  }
  host.append(note);
}
