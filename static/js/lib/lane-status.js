/** The state chip, the numbers and the badges of a lane, kept current by one clock for all lanes of the page. */
import { clock, duration, rate } from "./format.js";
import { describe } from "./state.js";

// `length` in the words of each dialect: see playground/recording/reasons.py
const LENGTH = new Set(["length", "max_tokens", "MAX_TOKENS", "max_output_tokens", "model_context_window_exceeded"]);
const STOPS = [
  ["submit", true],
  ["htmx:error", false], // it did not reach the server, or was refused
  ["htmx:response:error", false],
];
const TICK_MS = 200;
const ticking = new Set();
let timer = 0;

function tick() {
  for (const status of ticking) status.show();
}

function run(status) {
  ticking.add(status);
  timer ||= setInterval(tick, TICK_MS);
}

function rest(status) {
  ticking.delete(status);
  if (ticking.size > 0) return;
  clearInterval(timer);
  timer = 0;
}

export class LaneStatus {
  #lane;
  #record;
  #connection = "open";
  #stopping = false;
  #shown = "";
  sentence = "";

  constructor(lane, record, signal) {
    this.#lane = lane;
    this.#record = record;
    for (const [what, isStopping] of STOPS) lane.addEventListener(what, (event) => this.#stop(event, isStopping), { signal });
    run(this);
  }

  connection(state) {
    this.#connection = state;
    this.#showState();
  }

  /** New events came: the state is shown at once, the numbers with the next tick. */
  changed() {
    this.#showState();
  }

  show() {
    this.#showState();
    this.#showMetrics();
  }

  finish() {
    rest(this);
    this.show();
  }

  stop() {
    rest(this);
  }

  /** Stop was pressed, or what it asked for failed. */
  #stop(event, isStopping) {
    if (!event.target.matches(".lane__stop")) return;
    this.#stopping = isStopping;
    this.#showState();
  }

  #showState() {
    const state = describe(this.#record, this.#connection, this.#stopping);
    const shown = `${state.name}|${state.text}|${state.progress ?? ""}`;
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.sentence = state.text;
    const chip = this.#lane.querySelector(".state");
    chip.className = `state state--${state.name}`;
    chip.querySelector(".state__text").textContent = state.text;
    const bar = chip.querySelector("progress");
    bar.hidden = state.progress === undefined;
    if (Number.isFinite(state.progress)) bar.value = state.progress;
    else bar.removeAttribute("value");
    const detail = this.#lane.querySelector(".lane__problem");
    detail.hidden = !state.detail;
    detail.textContent = state.detail ?? "";
    this.#lane.dataset.state = state.name;
  }

  #showMetrics() {
    const { ttft, rate: perSecond, p50, p99, chunks, elapsed, attempt } = this.#record.metrics();
    this.#set("ttft", ttft === undefined ? "–" : duration(ttft));
    this.#set("rate", perSecond === undefined ? "–" : rate(perSecond));
    this.#set("p50", p50 === undefined ? "–" : duration(p50));
    this.#set("p99", p99 === undefined ? "–" : duration(p99));
    this.#set("chunks", String(chunks));
    this.#set("elapsed", clock(elapsed));
    this.#badge("attempts", attempt > 1);
    this.#badge("length", LENGTH.has(this.#record.finish));
    this.#badge("no-text", this.#record.status === "completed" && chunks === 0);
    this.#set("attempts", String(attempt));
    for (const badge of this.#lane.querySelectorAll("[data-notice]")) {
      badge.hidden = !this.#record.notices.has(badge.dataset.notice);
    }
  }

  #badge(name, isShown) {
    this.#lane.querySelector(`[data-badge=${name}]`).hidden = !isShown;
  }

  #set(name, value) {
    const place = this.#lane.querySelector(`[data-metric=${name}]`);
    if (place && place.textContent !== value) place.textContent = value; // a share link may leave the numbers out
  }
}
