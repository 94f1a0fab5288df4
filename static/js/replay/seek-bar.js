/** The waveform as a slider: drag to seek, point to read the time, pins to jump to. Keys are the player's own. */
import { duration } from "../lib/format.js";
import { fill, moment } from "./moment.js";
import { drawWaveform, make } from "./waveform.js";

export class SeekBar {
  #player;
  #element;
  #wasPlaying = false;
  #times = [];

  constructor(player, element) {
    this.#player = player;
    this.#element = element;
    player.addEventListener("load", () => this.#load());
    player.addEventListener("time", () => this.#move());
    player.addEventListener("change", () => element.toggleAttribute("data-skips", player.skipWaits));
    element.addEventListener("pointerdown", (event) => this.#grab(event));
    element.addEventListener("pointermove", (event) => this.#point(event));
    element.addEventListener("pointerup", () => this.#drop());
    element.addEventListener("pointercancel", () => this.#drop());
    element.addEventListener("pointerleave", () => (this.#part("tip").hidden = true));
  }

  /** `[{run, t or seq, label, href}]`; set when the runs are loaded. */
  set pins(pins) {
    const { end, lanes } = this.#player;
    const marks = pins.map(({ run, t, seq, label, href }) => {
      const at = t ?? lanes.find((lane) => lane.id === run)?.events[seq]?.[0] ?? 0;
      const mark = document.createElement("a");
      mark.className = "waveform__pin";
      mark.title = mark.ariaLabel = label;
      mark.href = href;
      mark.style.setProperty("--at", `${(100 * at) / Math.max(end, 1)}%`);
      return mark;
    });
    this.#element.parentElement.querySelector(".waveform__pins")?.replaceChildren(...marks);
  }

  #load() {
    const { lanes, end, waits } = this.#player;
    this.#element.ariaValueMax = String(end / 1e6);
    if (end === 0) return;
    const svg = drawWaveform(lanes, end);
    for (const { start, end: stop } of waits) {
      const x = `${(100 * start) / end}%`;
      const wait = make("rect", { class: "waveform__wait", x, width: `${(100 * (stop - start)) / end}%`, height: "100%" });
      svg.append(wait);
    }
    this.#part("drawing").replaceChildren(svg);
    this.#times = lanes.flatMap((lane) => lane.events.filter(([, kind]) => kind === "chunk").map(([t]) => t));
    this.#times.sort((a, b) => a - b);
    this.#move();
  }

  #move() {
    const { t, end, lanes } = this.#player;
    const element = this.#element;
    element.style.setProperty("--at", `${end ? (100 * t) / end : 0}%`);
    element.ariaValueNow = String(Math.round(t / 1e4) / 100);
    const n = lanes.reduce((sum, lane) => sum + lane.record.chunks.length, 0);
    element.ariaValueText = fill(element.dataset.valuetext, { t: moment(t), end: moment(end), n, of: this.#times.length });
  }

  #grab(event) {
    if (event.button !== 0 || event.target.closest("a")) return;
    this.#element.setPointerCapture(event.pointerId);
    this.#wasPlaying = this.#player.isPlaying;
    this.#player.pause();
    this.#element.dataset.grabbed = "";
    this.#player.seek(this.#timeAt(event));
  }

  #drop() {
    if (!("grabbed" in this.#element.dataset)) return;
    delete this.#element.dataset.grabbed;
    if (this.#wasPlaying) this.#player.play();
  }

  #point(event) {
    const t = this.#timeAt(event);
    if ("grabbed" in this.#element.dataset) this.#player.seek(t);
    const tip = this.#part("tip");
    tip.hidden = this.#player.end === 0;
    tip.style.setProperty("--at", `${(100 * t) / this.#player.end}%`);
    tip.textContent = [moment(t), this.#gapAt(t)].filter(Boolean).join(" · ");
  }

  /** The time between the chunks before and after. */
  #gapAt(t) {
    const next = this.#times.findIndex((time) => time > t);
    return next > 0 ? `Δ ${duration(this.#times[next] - this.#times[next - 1])}` : "";
  }

  #timeAt(event) {
    const { left, width } = this.#element.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - left) / width)) * this.#player.end;
  }

  #part(name) {
    return this.#element.querySelector(`.waveform__${name}`);
  }
}
