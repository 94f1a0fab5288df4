/**
 * What this person may do on a session's page, when that changes while it is open: the page offers what it would after
 * a reload. Answers stream on as they are, and what was typed is kept in this browser (`lib/draft.js`).
 */
import { announce } from "./announce.js";

const ASIDE = ["#settings", "#models"]; // before the composer, which looks for its fields there
const OF_THE_PAGE = ["#session-header", ".welcome", ".workbench > :is(prompt-composer, .reading)"];
const OF_A_TURN = [":scope > header .turn__bar"];
const OF_A_LANE = [":scope > .lane__header", ":scope > .lane__actions"];
const CHANGES = ".lane__retry, [id^=continue-] form, .turn__bar > [hx-target='#composer']";

function workbench(page = document) {
  return page.querySelector(".workbench");
}

/** `rights` as the server says them. */
export function renewIfOther(rights) {
  if (rights !== null && rights !== workbench()?.dataset.rights) renew();
}

async function renew() {
  const page = await fetched();
  const rights = page && workbench(page)?.dataset.rights;
  if (rights === undefined || rights === null || rights === workbench().dataset.rights) return;
  const typed = document.querySelector("prompt-composer [name=prompt]");
  typed?.dispatchEvent(new Event("input", { bubbles: true })); // also what was not typed by hand is kept
  const wasTyping = document.querySelector("prompt-composer")?.contains(document.activeElement);
  workbench().dataset.rights = rights;
  for (const selector of ASIDE) bringIn(page.querySelector(selector), document.querySelector(selector), document.body);
  for (const selector of OF_THE_PAGE) bringIn(page.querySelector(selector), document.querySelector(selector));
  for (const turn of document.querySelectorAll("#turns .turn")) bringInParts(page, turn, OF_A_TURN);
  for (const lane of document.querySelectorAll("#turns run-lane")) bringInParts(page, lane, OF_A_LANE);
  if (wasTyping) document.getElementById("main").focus();
  announce(document.querySelector(".reading__text")?.textContent.trim() ?? "");
}

async function fetched() {
  try {
    const response = await fetch(location.pathname, { cache: "no-store" });
    if (!response.ok || response.redirected) return null;
    return new DOMParser().parseFromString(await response.text(), "text/html");
  } catch (error) {
    if (error instanceof TypeError) return null; // the network: it is asked again when that is back
    throw error;
  }
}

/** Of a turn or a lane that the served page does not show, what would change something goes. */
function bringInParts(page, shown, selectors) {
  const served = page.getElementById(shown.id);
  if (served) {
    for (const selector of selectors) bringIn(served.querySelector(selector), shown.querySelector(selector));
  } else if (!page.querySelector("prompt-composer")) {
    for (const element of shown.querySelectorAll(CHANGES)) element.remove();
  }
}

function bringIn(served, shown, parent = null) {
  if (!served) return shown?.remove();
  if (!shown && !parent) return undefined;
  const adopted = document.importNode(served, true);
  if (shown) shown.replaceWith(adopted);
  else parent.append(adopted);
  return window.htmx.process(adopted);
}

document.body.addEventListener("room:role", () => renew());
