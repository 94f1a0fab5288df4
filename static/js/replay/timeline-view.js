/** The playhead on the timeline that the server drew: htmx brings the drawing when the view is first looked at. */
import { make } from "./waveform.js";

export class TimelineView {
  #lane;
  #host;
  #line = null;

  constructor(_record, host, lane) {
    this.#lane = lane;
    this.#host = host;
    if (!host.firstElementChild) host.dispatchEvent(new Event("panel-shown"));
  }

  draw() {
    if (!this.#line?.isConnected && !this.#attach()) return false;
    const { start, end } = this.#span();
    const x = `${Math.max(0, Math.min(100, (100 * (this.#lane.record.at - start)) / Math.max(end - start, 1)))}%`;
    this.#line.setAttribute("x1", x);
    this.#line.setAttribute("x2", x);
    return false;
  }

  #attach() {
    const drawing = this.#host.querySelector(".timeline__drawing");
    if (!drawing) return false;
    this.#line = drawing.querySelector(".tl-playhead") ?? make("line", { class: "tl-playhead", y1: 0, y2: "100%" });
    drawing.append(this.#line);
    drawing.onclick = (event) => this.#seek(event, drawing);
    return true;
  }

  /** From where to where the drawing goes: of a long run it is a part. */
  #span() {
    const { timelineStart, timelineEnd } = this.#host.querySelector("[data-timeline-end]").dataset;
    return { start: Number(timelineStart), end: Number(timelineEnd) };
  }

  #seek(event, drawing) {
    const { left, width } = drawing.getBoundingClientRect();
    const { start, end } = this.#span();
    const t = Math.max(0, start + ((event.clientX - left) / width) * (end - start));
    drawing.dispatchEvent(new CustomEvent("replay-seek", { bubbles: true, detail: { t } }));
  }
}
