/** Short notices about something that did not work, where no place on the page is its own. */
import { refusal } from "./refusal.js";
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

/** What could not be done while the server was away can be done now. */
function forget() {
  for (const notice of document.querySelectorAll("#toasts > .notice--error")) notice.remove();
}

document.addEventListener("playground:connection", ({ detail }) => detail.isBack && forget());

/** Only for what a person asked for: what the page fetches by itself is fetched again (`lib/refresh.js`). */
function isAsked(event) {
  return Boolean(event.detail.ctx?.sourceEvent?.isTrusted) && event.target.id !== "composer"; // it has a place for it
}

document.addEventListener("htmx:error", (event) => isAsked(event) && toast(text("not-reached")));

/** A form that was filled in wrongly comes back with what is wrong; other refusals mostly bring their own notice. */
document.addEventListener("htmx:response:error", (event) => {
  const { hx, response } = event.detail.ctx;
  const isSilent = (response.status === 403 || response.status >= 500) && !hx.trigger;
  if (isSilent && isAsked(event)) toast(refusal(event.detail.ctx));
});
