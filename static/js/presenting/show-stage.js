/**
 * `<show-stage>`: what is on the stage, the same on every screen. The server says what that is in the page, by a hint in
 * the show's room at each step, and on asking; the newest version counts.
 */
import { announce } from "../lib/announce.js";
import { text } from "../lib/texts.js";
import { markEdges } from "./scrolling.js";
import { learn, learnFromPage } from "./server-clock.js";
import { StageLane } from "./stage-lane.js";
import "../elements/live-room.js";

const GONE = 410; // the show is over, and says so
const LOST_MS = 2000; // a socket that is back by then was not missed
const SPREAD_MS = 1000; // a whole audience comes at once, and need not ask at once

class ShowStage extends HTMLElement {
  #shown = { version: -1, turn: null, over: false };
  #lanes = new Map(); // by what they show
  #listeners = null;
  #asking = 0;
  #missing = 0;
  #markEdges;
  #resized = new ResizeObserver(() => this.#markEdges());

  connectedCallback() {
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    const inPage = JSON.parse(document.getElementById("stage-state").textContent);
    learnFromPage(inPage.now);
    const prompt = this.querySelector(".stage__prompt");
    this.#markEdges = markEdges(prompt);
    this.#resized.observe(prompt);
    this.#show(inPage);
    document.body.addEventListener("room:stage", (event) => this.#told(event.detail), { signal });
    document.body.addEventListener("room:joined", (event) => this.#askSoon(event.detail.again ? 0 : SPREAD_MS), { signal });
    document.addEventListener("playground:connection", (event) => this.#connection(event.detail.state), { signal });
  }

  disconnectedCallback() {
    this.#listeners.abort();
    clearTimeout(this.#asking);
    clearTimeout(this.#missing);
    this.#resized.disconnect();
    for (const lane of this.#lanes.values()) lane.remove();
    this.#lanes.clear();
  }

  #told(state) {
    learn(state.now);
    if (state.prompt === null) this.#askSoon(0);
    else this.#show(state);
  }

  #askSoon(spread) {
    clearTimeout(this.#asking);
    this.#asking = setTimeout(() => this.#ask(), Math.random() * spread);
  }

  async #ask() {
    try {
      const response = await fetch(this.dataset.stateUrl, { headers: { Accept: "application/json" } });
      if (response.ok || response.status === GONE) this.#told(await response.json());
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // no network: the room is joined again when there is one
    }
  }

  #connection(state) {
    const isLost = state === "waiting" && !this.#shown.over;
    if (!isLost) {
      clearTimeout(this.#missing);
      this.#missing = 0;
      this.#lost(false);
    } else this.#missing ||= setTimeout(() => this.#lost(true), LOST_MS);
    if (state === "signed-out") this.#ask(); // the show may be over
  }

  #lost(isLost) {
    const notice = this.querySelector(".stage__connection");
    notice.textContent = isLost ? text("stage.reconnecting") : "";
    notice.hidden = !isLost;
  }

  #show(state) {
    if (state.version <= this.#shown.version) return;
    const before = this.#shown;
    this.#shown = state;
    this.dataset.part = state.over ? "over" : state.turn ? "show" : "opening";
    this.toggleAttribute("data-blank", Boolean(state.blank));
    this.toggleAttribute("data-metrics", Boolean(state.metrics));
    this.toggleAttribute("data-qr", Boolean(state.qr));
    if (state.theme === "light" || state.theme === "dark") this.dataset.theme = state.theme;
    else delete this.dataset.theme;
    if (Boolean(before.blank) !== Boolean(state.blank)) announce(text(state.blank ? "stage.blank" : "stage.back"));
    if (state.turn && before.turn !== state.turn) this.#prompt(state);
    this.#arrange(state.turn && !state.over ? state.lanes : [], state.turn);
  }

  #prompt(state) {
    this.#set("number", text("stage.prompt", { n: state.number }));
    this.#set("prompt", state.prompt);
    this.querySelector(".stage__prompt").dataset.length = state.prompt.length > 240 ? "long" : "short";
    this.querySelector(".stage__prompt").scrollTop = 0;
    this.#markEdges();
    announce(state.prompt);
  }

  /** Answers that are on the stage already stay as they are. */
  #arrange(specs, turn) {
    const host = this.querySelector(".stage__lanes");
    const wanted = new Map(specs.map((spec) => [[turn, spec.lane, spec.run, spec.kind, spec.started_at, spec.failure].join(" "), spec]));
    for (const [key, lane] of this.#lanes) {
      if (wanted.has(key)) continue;
      lane.remove();
      this.#lanes.delete(key);
    }
    for (const [key, spec] of wanted) {
      if (!this.#lanes.has(key)) this.#lanes.set(key, new StageLane(spec, this.hasAttribute("data-details")));
      host.append(this.#lanes.get(key).element);
    }
    host.dataset.count = wanted.size;
  }

  #set(name, value) {
    this.querySelector(`[data-text=${name}]`).textContent = value;
  }
}

customElements.define("show-stage", ShowStage);
