/**
 * Brings what others (or oneself in another tab) sent into the page: new turns, and runs that took a lane's place.
 *
 * What the page itself asks for comes with the answer to its own request, so while one is under way nothing is brought
 * in, and what is there is never brought in again. Lanes that stream, and open tabs, are left as they are.
 */
import { announce } from "./announce.js";
import { isAtEnd, goToEnd } from "./scroll.js";
import { renewIfOther } from "./rights.js";
import { text } from "./texts.js";

export class TurnSync {
  #url;
  #signal;
  #own = 0; // requests of this page that may bring turns
  #isLooking = false;
  #again = false;

  constructor(url, signal) {
    this.#url = url;
    this.#signal = signal;
    document.addEventListener("htmx:before:request", (event) => brings(event) && (this.#own += 1), { signal });
    document.addEventListener("htmx:finally:request", (event) => brings(event) && this.#finished(), { signal });
  }

  async look() {
    this.#again = true;
    if (this.#isLooking || this.#own > 0) return;
    this.#isLooking = true;
    while (this.#again && this.#own === 0) {
      this.#again = false;
      await this.#fetch();
    }
    this.#isLooking = false;
  }

  #finished() {
    this.#own = Math.max(0, this.#own - 1);
    if (this.#again) setTimeout(() => this.look()); // after the answer was put into the page
  }

  async #fetch() {
    const address = new URL(this.#url, location.href);
    address.searchParams.set("after", newest());
    try {
      const response = await fetch(address, { headers: { "HX-Request": "true" }, signal: this.#signal });
      if (!response.ok || response.redirected) return;
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      if (this.#own > 0) this.#again = true;
      else bringIn(page.querySelectorAll("article.turn"));
      renewIfOther(response.headers.get("Playground-Rights"));
    } catch (error) {
      if (!(error instanceof TypeError) && error.name !== "AbortError") throw error; // the network: `rejoined` follows
    }
  }
}

function brings(event) {
  const source = event.detail.ctx?.sourceElement;
  return source?.matches?.("#composer, .lane__retry, [id^=continue-] form") ?? false;
}

/** Ids of runs sort by the time they were made. */
function newest() {
  const runs = [...document.querySelectorAll("#turns run-lane")].map((lane) => lane.dataset.run);
  return runs.sort().at(-1) ?? "";
}

function bringIn(turns) {
  const scroller = document.querySelector(".workbench__scroll");
  const stays = isAtEnd(scroller);
  const isNew = [...turns].map((turn) => bringTurn(turn)).some(Boolean);
  if (!isNew) return;
  if (stays) goToEnd(scroller);
  announce(text("turn.came"));
}

/** Returns whether it is new to the page. */
function bringTurn(turn) {
  const known = document.getElementById(turn.id);
  if (known === null) {
    document.getElementById("turns").append(adopt(turn));
    window.htmx.process(document.getElementById(turn.id));
    return true;
  }
  const lanes = [...known.querySelectorAll("run-lane")];
  turn.querySelectorAll("run-lane").forEach((lane, number) => {
    if (document.getElementById(lane.id) || !lanes[number]) return;
    lanes[number].replaceWith(adopt(lane));
    window.htmx.process(document.getElementById(lane.id));
  });
  return false;
}

function adopt(element) {
  return document.importNode(element, true);
}
