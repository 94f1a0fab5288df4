/**
 * What the page of a session or a run marks of its review: counts at turns and lanes, one's own thumb, and the spans of
 * text that are commented on or hidden. Fetched by htmx; drawn with highlights, so the texts themselves stay as they are.
 */
import { rangesOf } from "../lib/shown-text.js";
import { openReview } from "./review-panel.js";

const NONE = { open: 0, turns: {}, runs: {} };

class ReviewMarks extends HTMLElement {
  #listeners = null;
  #frame = 0;
  #threads = []; // [range, thread, run]

  connectedCallback() {
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    const later = () => this.#later();
    document.addEventListener("htmx:after:swap", later, { signal });
    document.addEventListener("click", (event) => this.#clicked(event), { signal });
  }

  disconnectedCallback() {
    this.#listeners.abort();
    cancelAnimationFrame(this.#frame);
    for (const name of ["review-thread", "review-hidden"]) CSS.highlights?.delete(name);
  }

  #later() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#draw());
  }

  get #marks() {
    const data = this.querySelector("#review-data");
    return data ? JSON.parse(data.textContent) : NONE;
  }

  #draw() {
    const marks = this.#marks;
    for (const place of document.querySelectorAll("[data-review-turn]"))
      count(place, "open", marks.turns[place.dataset.reviewTurn]?.open);
    for (const place of document.querySelectorAll("[data-review-run]")) drawLane(place, marks.runs[place.dataset.reviewRun]);
    if (CSS.highlights) this.#highlight(marks);
  }

  #highlight({ runs, turns }) {
    this.#threads = [];
    const hidden = [];
    for (const [id, { spans = [], hidden: covered }] of [...Object.entries(runs), ...Object.entries(turns)]) {
      for (const scope of document.querySelectorAll(`[data-run="${id}"], [data-turn="${id}"]`)) {
        const ranges = rangesOf(scope, "answer", spans.map(([, ...span]) => span));
        ranges.forEach((range, index) => range && this.#threads.push([range, spans[index][0], id]));
        for (const part of new Set(covered.map(([name]) => name))) {
          const parts = covered.filter(([name]) => name === part).map(([, ...span]) => span);
          hidden.push(...rangesOf(scope, part, parts).filter(Boolean));
        }
      }
    }
    CSS.highlights.set("review-thread", new Highlight(...this.#threads.map(([range]) => range)));
    CSS.highlights.set("review-hidden", new Highlight(...hidden));
  }

  /** A click on marked text opens its thread. */
  #clicked(event) {
    if (!this.#threads.length || !document.getSelection().isCollapsed) return;
    if (event.target.closest("a, button") || !event.target.closest("[data-text]")) return;
    const point = document.caretPositionFromPoint?.(event.clientX, event.clientY);
    if (!point) return;
    const found = this.#threads.find(([range]) => range.isPointInRange(point.offsetNode, point.offset));
    if (found) openReview(new URLSearchParams({ run: found[2], show: "all" }).toString(), `thread-${found[1]}`);
  }
}

function count(place, name, number = 0) {
  const shown = place.querySelector(`[data-count=${name}]`);
  const text = number ? String(number) : "";
  if (shown.textContent !== text) shown.textContent = text;
}

function drawLane(place, { open, up, down, mine } = {}) {
  count(place, "open", open);
  count(place, "up", up);
  count(place, "down", down);
  for (const thumb of place.querySelectorAll("[data-thumb]")) {
    const pressed = Number(thumb.dataset.thumb) === mine;
    thumb.ariaPressed = String(pressed);
    thumb.value = pressed ? "0" : thumb.dataset.thumb; // pressed once more, it is taken back
  }
}

customElements.define("review-marks", ReviewMarks);
