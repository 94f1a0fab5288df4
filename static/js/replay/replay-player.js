/** The replay page: fetches the recordings once, and puts together player, lanes, transport, keys and URL. */
import { announce } from "../lib/announce.js";
import { LaneStatus } from "../lib/lane-status.js";
import { keepCurrent, link, restore } from "./address.js";
import { EventsView } from "./events-view.js";
import { press } from "./keys.js";
import { LaneViews } from "./lane-views.js";
import { Player } from "./player.js";
import { TimelineView } from "./timeline-view.js";
import { Transport } from "./transport.js";

const BUDGET_MS = 8; // of drawing in a frame of playing
const DONE_MS = 1500;

class ReplayPlayer extends HTMLElement {
  player = new Player();
  #lanes = []; // {element, views, status}
  #view = "answer";
  #listeners = null;
  #frame = 0;

  connectedCallback() {
    this.#view = this.dataset.view;
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    const { playing, paused, ended } = this.dataset;
    this.transport = new Transport(this.player, this.querySelector(".transport"), { playing, paused, ended });
    if (this.dataset.src) {
      const write = keepCurrent(this.player, () => this.#view);
      for (const name of ["time", "change", "view"]) this.player.addEventListener(name, write, { signal });
    }
    this.player.addEventListener("time", (event) => this.#draw(event.detail.isJump), { signal });
    this.addEventListener("click", (event) => this.#clicked(event), { signal });
    this.addEventListener("replay-seek", (event) => this.player.seek(event.detail.t), { signal });
    this.addEventListener("htmx:after:swap", () => this.#draw(true), { signal });
    document.addEventListener("keydown", (event) => this.#pressed(event), { signal });
    if (this.dataset.src) this.#load(signal); // else whoever has the recordings calls `start`
  }

  disconnectedCallback() {
    this.#listeners.abort();
    this.player.pause();
    cancelAnimationFrame(this.#frame);
    for (const { status } of this.#lanes) status.stop();
  }

  async #load(signal) {
    let recording;
    try {
      const answer = await fetch(this.dataset.src, { signal });
      recording = await answer.json();
    } catch {
      if (!signal.aborted) this.#problem("load");
      return;
    }
    this.start(recording.runs, recording.pins);
  }

  /** Shows these runs (see `player.js`) and pins: `[{run, t or seq, label, href}]`. */
  start(runs, pins = []) {
    if (runs.every((run) => run.events.length === 0)) this.#problem("empty");
    this.player.load(runs);
    this.transport.seekBar.pins = pins;
    this.#lanes = this.player.lanes.map((lane) => this.#join(lane));
    const plays = restore(this.player);
    this.#draw(true);
    if (plays) this.player.play();
    this.dataset.ready = "";
  }

  #join(lane) {
    const element = this.querySelector(`[data-run="${lane.id}"]`);
    const panels = Object.fromEntries([...element.querySelectorAll("[data-panel]")].map((p) => [p.dataset.panel, p]));
    const views = new LaneViews(lane, panels, { timeline: TimelineView, events: EventsView });
    views.show(this.#view);
    return { element, views, status: new LaneStatus(element, lane.record) };
  }

  /** A jump is drawn whole; while it plays, what a frame has no time for follows in the next. */
  #draw(isJump) {
    const deadline = isJump ? Infinity : performance.now() + BUDGET_MS;
    let more = false;
    for (const { views, status } of this.#lanes) {
      more = views.draw(deadline) || more;
      if (isJump) status.show();
    }
    cancelAnimationFrame(this.#frame);
    if (more && !this.player.isPlaying) this.#frame = requestAnimationFrame(() => this.#draw(false));
  }

  #show(view) {
    this.#view = view;
    for (const tab of this.querySelectorAll(".replay__views [data-view]")) {
      if (tab.dataset.view === view) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
    for (const panel of this.querySelectorAll("[data-panel]")) panel.hidden = panel.dataset.panel !== view;
    for (const { views } of this.#lanes) views.show(view);
    this.#draw(true);
    this.player.dispatchEvent(new Event("view"));
  }

  #clicked(event) {
    const tab = event.target.closest(".replay__views [data-view]");
    if (tab && !event.metaKey && !event.ctrlKey && !event.shiftKey) {
      event.preventDefault();
      return this.#show(tab.dataset.view);
    }
    const comment = event.target.closest("[data-comment]");
    if (comment) comment.href = `${comment.dataset.comment}&t=${Math.round(this.player.t)}`;
    const button = event.target.closest("[data-do]");
    if (button) this.#do(button.dataset.do, button);
  }

  #do(what, button) {
    const { player } = this;
    if (what === "toggle") player.toggle();
    else if (what === "previous" || what === "next") player.step(what === "next" ? 1 : -1);
    else if (what === "start" || what === "end") player.seek(what === "end" ? player.end : 0);
    else if (what === "keys") this.querySelector(".replay__keys").showModal();
    else if (what === "copy-link") this.#copy(button);
  }

  #pressed(event) {
    const isAsking = event.key === "?" && !event.defaultPrevented && !event.target.closest?.("input, textarea, dialog");
    if (!isAsking) return press(this.player, event);
    event.preventDefault();
    this.#do("keys");
  }

  async #copy(button) {
    await navigator.clipboard.writeText(link(this.player, this.#view));
    announce(this.dataset.copied);
    button.classList.add("button--done");
    setTimeout(() => button.classList.remove("button--done"), DONE_MS);
  }

  #problem(name) {
    this.querySelector(`[data-problem="${name}"]`).hidden = false;
    this.querySelector(".transport").hidden = true;
  }
}

customElements.define("replay-player", ReplayPlayer);
