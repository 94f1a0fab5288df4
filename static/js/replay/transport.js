/** The buttons, the clock, the speed and the waits of a player, on the page. */
import { announce } from "../lib/announce.js";
import { duration } from "../lib/format.js";
import { fill, moment } from "./moment.js";
import { SeekBar } from "./seek-bar.js";

export class Transport {
  #player;
  #element;
  #words;

  /** `words`: the texts `playing`, `paused` ("{t}") and `ended`. */
  constructor(player, element, words) {
    this.#player = player;
    this.#element = element;
    this.#words = words;
    this.seekBar = new SeekBar(player, element.querySelector(".waveform"));
    const rate = element.querySelector("select");
    rate.addEventListener("change", () => (player.rate = Number(rate.value)));
    const skip = element.querySelector(".transport__skip input");
    skip.addEventListener("change", () => (player.skipWaits = skip.checked));
    player.addEventListener("load", () => this.#load());
    player.addEventListener("time", () => this.#set("now", moment(player.t)));
    player.addEventListener("change", () => this.#change());
    player.addEventListener("end", () => announce(words.ended));
  }

  #load() {
    const { end, waits } = this.#player;
    this.#set("end", moment(end));
    const saved = this.#element.querySelector(".transport__saved");
    const t = duration(waits.reduce((sum, wait) => sum + wait.end - wait.start, 0) - waits.length * 500_000);
    saved.textContent = waits.length ? fill(saved.dataset.some, { n: waits.length, t }) : saved.dataset.none;
  }

  #change() {
    const { isPlaying, rate, skipWaits, t, end } = this.#player;
    const button = this.#element.querySelector(".transport__play");
    const label = isPlaying ? button.dataset.pause : button.dataset.play;
    this.#element.querySelector("select").value = String(rate);
    this.#element.querySelector(".transport__skip input").checked = skipWaits;
    if (button.ariaLabel === label) return;
    button.ariaLabel = label;
    button.querySelector(".icon").className = `icon icon--${isPlaying ? "pause" : "play"}`;
    if (isPlaying) announce(this.#words.playing);
    else if (t < end) announce(fill(this.#words.paused, { t: moment(t) }));
  }

  #set(name, value) {
    this.#element.querySelector(`.transport__${name}`).textContent = value;
  }
}
