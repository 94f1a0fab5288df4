/**
 * Character by character: one grapheme after the other, a line for each line, a cursor at the end. It types at the
 * pace of the stream and hurries when it has fallen behind: what waits is typed within a quarter of a second. It ends
 * after so many characters that a browser can still lay out: all of them are on the page of the run.
 */
import { onlyBeginning } from "./beginning.js";

const MOST = 100_000; // characters
const LONG = 16_384; // characters that came at once: shown, not typed
const FRAMES_BEHIND = 8;
const HELD_MS = 200; // the last grapheme may still grow (accents, joined emoji): wait this long for more

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

export class CharactersView {
  #record;
  #host;
  #list;
  #next = 0; // chunk
  #taken = 0; // characters
  #pending = ""; // text not yet typed
  #since = 0; // when the newest of it came
  #text = null;

  constructor(record, host) {
    this.#record = record;
    this.#host = host;
    this.#list = document.createElement("ol");
    this.#list.className = "characters characters--live";
    host.replaceChildren(this.#list);
    this.#newLine();
  }

  draw(deadline) {
    this.#take();
    if (!this.#pending) return false;
    if (deadline === Infinity || this.#pending.length > LONG) return this.#hurry();
    const wanted = Math.max(1, Math.ceil(this.#pending.length / FRAMES_BEHIND));
    this.#type(this.#graphemes(wanted));
    return this.#pending !== "";
  }

  /** Everything at once: for who jumps to another moment, or where very much came. */
  #hurry() {
    const isOpen = this.#pending.endsWith("\r") && this.#record.phase !== "ended"; // a "\n" may follow
    const [first, ...lines] = (isOpen ? this.#pending.slice(0, -1) : this.#pending).split(/\r\n|\n|\r/);
    this.#pending = isOpen ? "\r" : "";
    this.#text.appendData(first);
    for (const line of lines) {
      this.#newLine();
      this.#text.appendData(line);
    }
    return false;
  }

  #take() {
    const { chunks } = this.#record;
    if (this.#next >= chunks.length || this.#taken >= MOST) return;
    const parts = [];
    for (; this.#next < chunks.length; this.#next += 1) {
      if (chunks[this.#next].part === "text") parts.push(chunks[this.#next].text);
    }
    const came = parts.join("").slice(0, MOST - this.#taken);
    this.#pending += came;
    this.#taken += came.length;
    if (this.#taken >= MOST) onlyBeginning(this.#host, "characters", MOST);
    this.#since = performance.now();
  }

  /** At most `wanted` graphemes; a long backlog is not segmented anew in every frame. */
  #graphemes(wanted) {
    const head = this.#pending.slice(0, wanted * 4 + 64);
    const graphemes = Array.from(segmenter.segment(head), ({ segment }) => segment);
    if (head.length < this.#pending.length ? graphemes.length > 1 : !this.#settled()) graphemes.pop();
    return graphemes.slice(0, wanted);
  }

  #settled() {
    return this.#record.phase === "ended" || performance.now() - this.#since >= HELD_MS;
  }

  #type(graphemes) {
    for (const grapheme of graphemes) {
      this.#pending = this.#pending.slice(grapheme.length);
      if (grapheme === "\n" || grapheme === "\r\n" || grapheme === "\r") this.#newLine();
      else this.#text.appendData(grapheme);
    }
  }

  #newLine() {
    const line = document.createElement("li");
    line.className = "characters__line";
    this.#text = document.createTextNode("");
    line.append(this.#text);
    this.#list.append(line);
  }
}
