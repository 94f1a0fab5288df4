/** One answer on the stage: live, or a recording, which always says that it is one. */
import { announce } from "../lib/announce.js";
import { duration, rate } from "../lib/format.js";
import { cancelDraw, requestDraw } from "../lib/frames.js";
import { Record } from "../lib/record.js";
import { followEnd, keepAtEnd } from "../lib/scroll.js";
import { socket } from "../lib/socket.js";
import { text } from "../lib/texts.js";
import { AnswerView } from "../views/answer.js";
import { Feed } from "./feed.js";
import { markEdges } from "./scrolling.js";
import { label, stateOnStage } from "./stage-words.js";

const TICK_MS = 250;

export class StageLane {
  #spec;
  #answer;
  #record = new Record();
  #feed;
  #view;
  #connection = "open";
  #unfollow = null;
  #timer = 0;
  #announced = false;
  #hasDetails;
  #markEdges;
  #resized = new ResizeObserver(() => this.#keep());

  /** `spec` as `screens.shown` has it in `lanes`; only the presenter is told the details of what went wrong. */
  constructor(spec, hasDetails) {
    this.#spec = spec;
    this.#hasDetails = hasDetails;
    this.element = document.getElementById("stage-lane").content.firstElementChild.cloneNode(true);
    this.#find(".stage-lane__model").textContent = spec.model;
    this.#answer = this.#find(".stage-lane__answer");
    this.#answer.setAttribute("aria-label", spec.model);
    this.#markEdges = markEdges(this.#answer);
    this.element.dataset.kind = spec.kind;
    this.#label();
    if (spec.run) this.#follow();
    else this.#rest();
  }

  remove() {
    clearInterval(this.#timer);
    this.#resized.disconnect();
    this.#unfollow?.();
    this.#feed?.stop();
    cancelDraw(this);
    this.element.remove();
  }

  /** What the socket tells: see `lib/socket.js`. */
  connection(state) {
    this.#connection = state;
    this.#show();
  }

  subscribed() {
    this.connection("open");
  }

  reset() {
    this.#feed.reset();
    this.#view = new AnswerView(this.#record, this.#answer);
  }

  events(_first, events) {
    this.#feed.push(events);
  }

  ended(status) {
    this.#feed.end(status);
  }

  refused(code, message) {
    this.#record.end("refused", { code, message });
    this.#show();
  }

  /** Called in an animation frame. */
  draw(deadline) {
    const more = this.#view.draw(deadline);
    this.#keep();
    return more;
  }

  #keep() {
    keepAtEnd(this.#answer);
    this.#markEdges();
  }

  #find(selector) {
    return this.element.querySelector(selector);
  }

  #follow() {
    const { run, kind, started_at: startedAt } = this.#spec;
    this.#feed = new Feed(this.#record, kind === "live" ? null : startedAt, () => this.#changed());
    this.#view = new AnswerView(this.#record, this.#answer);
    followEnd(this.#answer);
    this.#resized.observe(this.#answer);
    this.#timer = setInterval(() => this.#show(), TICK_MS);
    this.#unfollow = socket.follow(run, this);
    this.#show();
  }

  #changed() {
    requestDraw(this);
    if (this.#record.phase === "ended") this.#show();
  }

  #label() {
    const badge = this.#find(".stage-lane__label");
    badge.hidden = !this.#spec.run;
    badge.classList.add(this.#spec.kind === "live" ? "badge--accent" : "badge--warning");
    badge.textContent = label(this.#spec);
  }

  /** No answer: not asked for yet, or there is none to show. */
  #rest() {
    this.#state("waiting", text("stage.ready"));
    if (!this.#spec.failure) return;
    const isMissing = this.#spec.failure === "no_recording";
    this.#find(".state").hidden = isMissing;
    this.#state("failed", text("failed"));
    this.#answer.textContent = text(isMissing ? "stage.no_recording" : "stage.failed");
  }

  #show() {
    const state = stateOnStage(this.#spec, this.#record, this.#connection, this.#hasDetails);
    this.#state(state.name, state.text);
    const { ttft, rate: perSecond, chunks } = this.#record.metrics();
    this.#text("[data-metric=ttft]", ttft === undefined ? "–" : duration(ttft));
    this.#text("[data-metric=rate]", perSecond === undefined ? "–" : rate(perSecond));
    this.#text("[data-metric=chunks]", String(chunks));
    if (this.#record.phase !== "ended") return;
    clearInterval(this.#timer);
    if (chunks === 0 && this.#spec.failure) this.#answer.textContent = text("stage.failed");
    if (!this.#announced) announce(text("done", { model: this.#spec.model, state: state.text, n: chunks }));
    this.#announced = true;
  }

  #state(name, words) {
    if (this.element.dataset.state !== name) this.#find(".state").className = `state state--${name}`;
    this.element.dataset.state = name;
    this.#text(".state__text", words);
  }

  #text(selector, value) {
    const place = this.#find(selector);
    if (place.textContent !== value) place.textContent = value;
  }
}
