/**
 * One lane: a run as it streams. It follows the run on the socket, keeps what came in a record, and draws only the
 * view that is looked at. When the run has ended, the server's partials take over.
 */
import { announce } from "../lib/announce.js";
import { copyAnswer } from "../lib/copy.js";
import { cancelDraw, requestDraw } from "../lib/frames.js";
import { LaneStatus } from "../lib/lane-status.js";
import { showNewSteps } from "../lib/new-steps.js";
import { Record } from "../lib/record.js";
import { followEnd, goToEnd, keepAtEnd } from "../lib/scroll.js";
import { socket } from "../lib/socket.js";
import { text } from "../lib/texts.js";
import { AnswerView } from "../views/answer.js";
import { CharactersView } from "../views/characters.js";
import { TokensView } from "../views/tokens.js";

const VIEWS = { answer: AnswerView, characters: CharactersView, tokens: TokensView };

class RunLane extends HTMLElement {
  #record = new Record();
  #views = new Map();
  #visible = "answer";
  #status = null;
  #stopFollowing = null;
  #listeners = null;

  connectedCallback() {
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    this.addEventListener("tab-shown", (event) => this.#show(event.detail.view), { signal });
    this.addEventListener("click", (event) => copyAnswer(this, this.#record, event), { signal });
    if (!this.hasAttribute("data-live")) return;
    this.addEventListener("htmx:after:swap", (event) => this.#served(event.detail.ctx.target), { signal });
    this.addEventListener("answer-shown", () => this.#again("answer"), { signal });
    this.addEventListener("submit", (event) => event.target.matches(".lane__stop") && this.stopping(), { signal });
    this.#status = new LaneStatus(this, this.#record);
    for (const scroller of this.#scrollers()) followEnd(scroller);
    this.#stopFollowing = socket.follow(this.dataset.run, this, this.dataset.shown && "filtered");
  }

  disconnectedCallback() {
    this.#listeners.abort();
    this.#stopFollowing?.();
    this.#status?.stop();
    cancelDraw(this);
    this.#views.clear();
    this.#record.clear();
  }

  /** What the socket tells: see `lib/socket.js`. */
  connection(state) {
    this.#status?.connection(state);
  }

  subscribed() {
    this.#status.connection("open");
  }

  reset() {
    this.#record.clear();
    this.#views.clear();
    this.#panel(this.#visible)?.replaceChildren();
  }

  events(_first, events) {
    this.#record.apply(events);
    requestDraw(this);
    this.#status.changed();
    showNewSteps(this, events);
  }

  refused(code, message) {
    this.#record.end("refused", { code, message });
    this.#finish();
    document.body.dispatchEvent(new Event("sessions-changed"));
  }

  ended(status) {
    this.#record.end(status);
    requestDraw(this);
    this.#finish();
    const values = { model: this.dataset.model, state: this.#status.sentence, n: this.#record.chunks.length };
    announce(text("done", values));
    const stale = this.querySelectorAll("[data-panel=answer], [role=tab][aria-selected=true][hx-trigger*=run-ended]");
    for (const element of stale) element.dispatchEvent(new Event("run-ended"));
    document.body.dispatchEvent(new Event("sessions-changed"));
  }

  /** Stop was pressed, here or for the whole turn. */
  stopping() {
    this.#status?.stopping();
  }

  /** Called in an animation frame. */
  draw(deadline) {
    const view = this.#view(this.#visible);
    const more = view?.draw(deadline) ?? false;
    if (view) for (const scroller of this.#scrollers()) keepAtEnd(scroller);
    return more;
  }

  #finish() {
    this.#status.finish();
    this.removeAttribute("data-live");
    this.#stopFollowing = null;
  }

  #show(view) {
    this.#visible = view;
    const [panels] = this.#scrollers();
    if (view in VIEWS && this.hasAttribute("data-live")) goToEnd(panels);
    else panels.scrollTop = 0;
    if (this.#record.chunks.length > 0) requestDraw(this);
  }

  /** Views are made when first looked at; a panel that the server has filled is left alone. */
  #view(name) {
    if (!(name in VIEWS)) return null;
    let view = this.#views.get(name);
    const panel = this.#panel(name);
    if (panel.hasAttribute("data-served")) return null;
    if (!view) this.#views.set(name, (view = new VIEWS[name](this.#record, panel)));
    return view;
  }

  /** htmx filled a panel. */
  #served(panel) {
    if (panel.dataset.panel !== "answer") return;
    panel.dataset.served = "";
    this.#views.delete("answer");
    for (const scroller of this.#scrollers()) keepAtEnd(scroller);
  }

  #panel(name) {
    return this.querySelector(`[data-panel="${name}"]`);
  }

  #scrollers() {
    return [this.querySelector(".lane__panels"), this.closest(".workbench__scroll")].filter(Boolean);
  }

  /** The view is made anew from the record. */
  #again(name) {
    this.#views.delete(name);
    requestDraw(this);
  }
}

customElements.define("run-lane", RunLane);
