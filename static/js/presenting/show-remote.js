/**
 * `<show-remote>`: what the presenter does, by buttons, keyboard and clicker. Steps reach the server in the order in which
 * they were taken; its answer is shown at once, as if it had come through the show's room.
 */
import { text } from "../lib/texts.js";
import { scrollStage } from "./scrolling.js";
import "../lib/toasts.js";

const IDLE_MS = 2500;
const FORBIDDEN = 403;
const LIVE = new Set(["live", "mode"]);
const KEYS = {
  ArrowRight: "next",
  PageDown: "next",
  " ": "next",
  ArrowLeft: "previous",
  PageUp: "previous",
  Home: "first",
  End: "last",
  r: "replay",
  l: "live",
  m: "metrics",
  b: "blank",
  ".": "blank",
  q: "qr",
  t: "theme",
};
const SCROLLS = { ArrowUp: -1, ArrowDown: 1 };
const PAGE_KEYS = { f: toggleFullScreen, F5: toggleFullScreen, "?": showKeys };

function toggleFullScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen?.();
}

function showKeys() {
  document.getElementById("keys").showModal();
}

function isTyping(target) {
  return target.closest?.("input, textarea, select, dialog, [contenteditable]") !== null;
}

class ShowRemote extends HTMLElement {
  #listeners = null;
  #last = Promise.resolve();
  #idle = 0;

  connectedCallback() {
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    document.addEventListener("keydown", (event) => this.#key(event), { signal });
    document.addEventListener("click", (event) => this.#click(event), { signal });
    document.addEventListener("pointermove", () => this.#wake(), { signal });
    this.#wake();
  }

  disconnectedCallback() {
    this.#listeners.abort();
    clearTimeout(this.#idle);
  }

  #key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.isComposing || isTyping(event.target)) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (key === " " && event.target.closest?.("a, button, summary")) return;
    if (SCROLLS[key] && !event.target.closest?.("[tabindex='0']")) {
      event.preventDefault();
      return scrollStage(SCROLLS[key]);
    }
    const action = KEYS[key];
    if (!action && !PAGE_KEYS[key]) return;
    event.preventDefault();
    if (event.repeat) return;
    if (action) this.#do(action);
    else PAGE_KEYS[key]();
  }

  #click(event) {
    const button = event.target.closest("[data-do], [data-key]");
    if (!button) return;
    event.preventDefault();
    if (event.detail > 0) button.blur(); // so that the space key goes on with the show
    if (button.dataset.do) this.#do(button.dataset.do);
    else PAGE_KEYS[button.dataset.key]();
  }

  #do(action) {
    this.#last = this.#last.then(() => this.#send(action)).catch(() => this.#fail(text("stage.not-done")));
  }

  async #send(action) {
    const response = await fetch(this.dataset.url, {
      method: "POST",
      body: new URLSearchParams({ do: action }),
      headers: { Accept: "application/json", "X-CSRFToken": this.dataset.csrf },
    });
    if (response.status === FORBIDDEN && LIVE.has(action)) return this.#fail(text("stage.only-replayed"));
    if (!response.ok) return this.#fail(text("stage.not-done"));
    document.body.dispatchEvent(new CustomEvent("room:stage", { detail: await response.json() }));
  }

  #fail(message) {
    document.dispatchEvent(new CustomEvent("playground:notice", { detail: { message, level: "error" } }));
  }

  /** The tools of the stage hide while nobody reaches for them. */
  #wake() {
    this.classList.add("is-awake");
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.classList.remove("is-awake"), IDLE_MS);
  }
}

customElements.define("show-remote", ShowRemote);
