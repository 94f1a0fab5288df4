/**
 * Chunk by chunk, tinted by the gap before each (or by probability). Rows of some 64 tokens, cut at a line break where
 * there is one; rows out of sight cost no layout (`content-visibility`). Pointing at a token shows its numbers.
 */
import { duration } from "../lib/format.js";
import { text } from "../lib/texts.js";

const ROW = 48; // tokens, then the row ends with the next line break
const LONGEST_ROW = 128;
const LONGEST = 4_000; // characters of a token; as in history/tokens.py
const GAP_STEPS_US = [20_000, 60_000, 200_000, 1_000_000]; // as in history/gaps.py
const PROBABILITIES = [0.9, 0.5, 0.2, 0.05];
const BATCH = 32;

export class TokensView {
  #record;
  #host;
  #list;
  #readout;
  #row = null;
  #rowStart = 0;
  #next = 0;

  constructor(record, host) {
    this.#record = record;
    this.#host = host;
    host.replaceChildren(document.getElementById("tokens-template").content.cloneNode(true));
    this.#list = host.querySelector(".tokens__list");
    this.#readout = host.querySelector(".tokens__readout");
    this.#list.addEventListener("pointerover", (event) => this.#point(event.target.closest(".token")));
  }

  draw(deadline) {
    const { chunks, hasLogprobs } = this.#record;
    if (hasLogprobs) this.#host.querySelector(".tokens__tints").hidden = false;
    while (this.#next < chunks.length) {
      const stop = Math.min(chunks.length, this.#next + BATCH);
      for (; this.#next < stop; this.#next += 1) this.#add(this.#next);
      if (performance.now() >= deadline) return this.#next < chunks.length;
    }
    return false;
  }

  #add(index) {
    const { chunks } = this.#record;
    if (this.#isRowEnd(index)) this.#addRow(index);
    const chunk = chunks[index];
    const gap = index > 0 ? chunk.t - chunks[index - 1].t : 0;
    const token = document.createElement("span");
    token.className = `token token--gap-${step(gap)}`;
    token.dataset.index = index;
    if (chunk.logprob !== null) token.classList.add(`token--lp-${doubt(Math.exp(chunk.logprob))}`);
    if (chunk.part !== "text") token.classList.add(`token--${chunk.part}`);
    if (chunk.text === "") token.classList.add("token--empty");
    fill(token, chunk.text);
    this.#row.append(token);
  }

  #isRowEnd(index) {
    const length = index - this.#rowStart;
    if (index === 0 || length >= LONGEST_ROW) return true;
    return length >= ROW && this.#record.chunks[index - 1].text.endsWith("\n");
  }

  #addRow(index) {
    this.#rowStart = index;
    const row = document.createElement("li");
    row.className = "tokens__row";
    const start = document.createElement("span");
    start.className = "tokens__start";
    start.textContent = index;
    this.#row = document.createElement("span");
    this.#row.className = "tokens__text";
    row.append(start, this.#row);
    this.#list.append(row);
  }

  #point(token) {
    if (!token) return;
    const index = Number(token.dataset.index);
    const { chunks } = this.#record;
    const parts = [`#${index}`, duration(chunks[index].t)];
    if (index > 0) parts.push(`+${duration(chunks[index].t - chunks[index - 1].t)}`);
    if (chunks[index].logprob !== null) parts.push(`${(Math.exp(chunks[index].logprob) * 100).toFixed(1)} %`);
    this.#readout.textContent = parts.join(" · ");
  }
}

function step(gap) {
  const index = GAP_STEPS_US.findIndex((limit) => gap < limit);
  return index < 0 ? GAP_STEPS_US.length : index;
}

function doubt(probability) {
  const index = PROBABILITIES.findIndex((least) => probability >= least);
  return index < 0 ? PROBABILITIES.length : index;
}

function fill(token, written) {
  const shown = written.slice(0, LONGEST);
  if (shown.includes("\n")) appendLines(token, shown);
  else token.textContent = shown;
  if (shown !== written) token.append(text("shown.more", { n: (written.length - LONGEST).toLocaleString() }));
}

function appendLines(token, written) {
  const lines = written.split("\n");
  lines.forEach((line, i) => {
    if (line) token.append(line);
    if (i === lines.length - 1) return;
    const mark = document.createElement("span");
    mark.className = "token__newline";
    mark.ariaHidden = "true";
    mark.textContent = "↵";
    token.append(mark, "\n");
  });
}
