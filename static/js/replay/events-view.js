/** The events that have happened by the playhead, the newest last and marked. It keeps the last of them only. */
import { duration } from "../lib/format.js";

const KEPT = 200;
const SUMMARY = 160; // characters

export class EventsView {
  static grows = true;
  #lane;
  #body;
  #earlier;
  #next = 0;

  constructor(_record, host, lane) {
    const template = host.closest("replay-player").querySelector("[data-template=events]");
    host.replaceChildren(template.content.cloneNode(true));
    this.#lane = lane;
    this.#body = host.querySelector("tbody");
    this.#earlier = host.querySelector(".replay-events__earlier");
    this.#body.addEventListener("click", (event) => this.#seek(event));
  }

  draw() {
    const { index } = this.#lane;
    if (index === this.#next) return false;
    this.#next = Math.max(this.#next, index - KEPT);
    for (; this.#next < index; this.#next += 1) this.#body.append(this.#row(this.#next));
    while (this.#body.rows.length > KEPT) this.#body.rows[0].remove();
    this.#earlier.hidden = index <= KEPT;
    this.#body.querySelector("[aria-current]")?.removeAttribute("aria-current");
    this.#body.lastElementChild?.setAttribute("aria-current", "true");
    return false;
  }

  #row(seq) {
    const [t, kind, data] = this.#lane.events[seq];
    const row = document.createElement("tr");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "linkish";
    button.textContent = seq;
    button.dataset.t = t;
    cell(row, "number").append(button);
    cell(row, "number", duration(t));
    const code = document.createElement("code");
    code.className = `kind kind--${kind.split(".")[0]}`;
    code.textContent = kind;
    cell(row, "").append(code);
    const summary = JSON.stringify(data);
    cell(row, "replay-events__what", summary.length > SUMMARY ? `${summary.slice(0, SUMMARY)}…` : summary);
    return row;
  }

  #seek(event) {
    const t = event.target.closest("[data-t]")?.dataset.t;
    if (t) this.#body.dispatchEvent(new CustomEvent("replay-seek", { bubbles: true, detail: { t: Number(t) } }));
  }
}

function cell(row, name, text = "") {
  const element = row.insertCell();
  element.className = name;
  element.textContent = text;
  return element;
}
