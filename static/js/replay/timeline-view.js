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
    const { record, end } = this.#lane;
    if (!this.#line?.isConnected && !this.#attach()) return false;
    const x = `${Math.min(100, (100 * record.at) / Math.max(end, 1))}%`;
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

  #seek(event, drawing) {
    const { left, width } = drawing.getBoundingClientRect();
    const t = Math.max(0, ((event.clientX - left) / width) * this.#lane.end);
    drawing.dispatchEvent(new CustomEvent("replay-seek", { bubbles: true, detail: { t } }));
  }
}
