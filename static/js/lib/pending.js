/** A button that says that its form is under way, for as long as it is: a server whose database is locked takes seconds. */
import { announce } from "./announce.js";

function show(event, isPending) {
  const form = event.detail.ctx?.sourceElement;
  const words = form?.matches?.("form") && form.querySelector("[data-pending]");
  if (!words) return;
  const button = words.closest("button");
  if (isPending) button.setAttribute("aria-disabled", "true");
  else button.removeAttribute("aria-disabled"); // `disabled` would take the focus away
  words.hidden = !isPending;
  button.querySelector("[data-idle]").hidden = isPending;
  if (isPending) announce(words.textContent);
}

document.addEventListener("htmx:before:request", (event) => show(event, true));
document.addEventListener("htmx:finally:request", (event) => show(event, false));
