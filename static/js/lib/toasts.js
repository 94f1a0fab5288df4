/** Short notices about something that did not work, where no place on the page is its own. */
import { text } from "./texts.js";

const SHOWN_MS = 8000;

function toast(message, level = "error") {
  const shown = document.getElementById("toasts");
  if ([...(shown?.children ?? [])].some((other) => other.textContent === message)) return;
  const notice = document.createElement("p");
  notice.className = `notice notice--${level}`;
  notice.textContent = message;
  shown?.append(notice);
  setTimeout(() => notice.remove(), SHOWN_MS);
}

document.addEventListener("playground:notice", (event) => toast(event.detail.message, event.detail.level));

/** Only for what a person asked for: what the page fetches by itself is fetched again (`lib/refresh.js`). */
document.addEventListener("htmx:error", (event) => {
  const asked = event.detail.ctx?.sourceEvent?.isTrusted;
  if (asked && !event.target.closest?.("prompt-composer")) toast(text("not-reached"));
});
