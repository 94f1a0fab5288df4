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
import { LaneViews } from "../views/lane-views.js";

class RunLane extends HTMLElement {
  #record = new Record();
  #views = new LaneViews(this.#record, (name) => this.#panel(name));
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
    document.addEventListener("playground:connection", ({ detail }) => detail.isBack && this.#back(), { signal });
    this.#status = new LaneStatus(this, this.#record, signal);
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
    this.#ask();
    document.body.dispatchEvent(new Event("sessions-changed"));
  }

  /** Called in an animation frame. */
  draw(deadline) {
    const view = this.#views.get(this.#visible);
    const more = view?.draw(deadline) ?? false;
    if (view) for (const scroller of this.#scrollers()) keepAtEnd(scroller);
    return more;
  }

  #finish() {
    this.#status.finish();
    this.removeAttribute("data-live");
    this.#stopFollowing = null;
  }

  /** Asks the server for what it says of a run that has ended. */
  #ask() {
    const stale = this.querySelectorAll("[data-panel=answer], [role=tab][aria-selected=true][hx-trigger*=run-ended]");
    for (const element of stale) element.dispatchEvent(new Event("run-ended"));
  }

  /** The connection is back: what could not be had while the server was away is asked for again. */
  #back() {
    if (!this.hasAttribute("data-live") && !("served" in this.#panel("answer").dataset)) this.#ask();
  }

  #show(view) {
    this.#visible = view;
    const [panels] = this.#scrollers();
    if (this.#views.has(view) && this.hasAttribute("data-live")) goToEnd(panels);
    else panels.scrollTop = 0;
    if (this.#record.chunks.length > 0) requestDraw(this);
  }

  /** htmx filled a panel. */
  #served(panel) {
    if (panel.dataset.panel !== "answer") return;
    panel.dataset.served = "";
    this.#views.forget("answer");
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
    this.#views.forget(name);
    requestDraw(this);
  }
}

customElements.define("run-lane", RunLane);
