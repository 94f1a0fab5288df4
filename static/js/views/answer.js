/**
 * The answer while it streams. The open block is plain text, one text node; a block that closes is set as Markdown.
 * When the run has ended, the server's rendering takes this one's place. In a lane that says so, it is shown as the
 * workspace's filters have it.
 */
import { fenceOf, renderBlock } from "../lib/markdown.js";
import { Pieces } from "../lib/pieces.js";
import { afterPart } from "./part.js";
import { Portions } from "./portions.js";

const LONGEST_SET = 32_768; // a longer block stays plain text

export class AnswerView {
  #record;
  #host;
  #body;
  #portions;
  #line = ""; // the line being written
  #fence = null; // that of the open code block
  #source = ""; // of the open block, its complete lines
  #open = null;
  #text = null;
  #reasoning = null;
  #isFiltered;

  constructor(record, host) {
    this.#record = record;
    this.#portions = new Portions(record);
    this.#host = host;
    this.#isFiltered = host.closest("[data-shown]")?.dataset.shown === "filtered";
    host.replaceChildren();
    this.#body = document.createElement("div");
    this.#body.className = "prose prose--live";
    host.append(this.#body);
    const { body, fence } = afterPart(host, this.#body);
    this.#body = body;
    if (fence) this.#openCode(fence);
  }

  draw(deadline) {
    while (!this.#portions.isEmpty) {
      const { text, reasoning } = this.#portions.take(this.#isFiltered);
      this.#reason(reasoning);
      if (text) this.#write(text);
      if (performance.now() >= deadline) return true;
    }
    if (this.#record.phase === "ended") this.#finish();
    return false;
  }

  #write(written) {
    const lines = written.split("\n");
    for (let i = 0; i < lines.length - 1; i += 1) {
      this.#show(`${lines[i]}\n`);
      this.#lineEnds(this.#line + lines[i]);
      this.#line = "";
    }
    const rest = lines.at(-1);
    if (rest) this.#show(rest);
    this.#line += rest;
  }

  #show(shown) {
    if (this.#open === null) {
      if (shown === "\n") return;
      this.#openBlock(document.createElement("p"));
      this.#open.className = "prose__open";
    }
    this.#text.append(shown);
  }

  #lineEnds(line) {
    const fence = fenceOf(line);
    if (this.#fence) {
      if (fence && fence.bare && fence.mark.startsWith(this.#fence.mark)) return this.#closeCode(line);
      this.#source += `${line}\n`;
    } else if (fence) {
      this.#text?.removeEnd(line.length + 1);
      this.#close();
      this.#openCode(fence);
    } else if (line.trim() === "") {
      this.#close();
    } else {
      this.#source += `${line}\n`;
    }
  }

  #openBlock(element) {
    this.#text = new Pieces(element);
    this.#open = element;
    if (!element.isConnected) this.#body.append(element);
  }

  #openCode(fence) {
    this.#fence = fence;
    const block = document.createElement("pre");
    block.tabIndex = 0; // wide code is scrolled by keyboard too
    const code = document.createElement("code");
    block.append(code);
    this.#body.append(block);
    this.#openBlock(code);
  }

  #closeCode(line) {
    this.#text.removeEnd(line.length + 1);
    this.#fence = this.#open = this.#text = null;
    this.#source = "";
  }

  #close() {
    if (this.#open && this.#source.length <= LONGEST_SET) this.#open.replaceWith(...renderBlock(this.#source));
    this.#open = this.#text = null;
    this.#source = "";
  }

  #finish() {
    if (this.#isFiltered) this.#addTail();
    if (this.#line) {
      this.#show("\n"); // what ends a line counts on its end being shown
      this.#lineEnds(this.#line);
    }
    this.#line = "";
    if (!this.#fence) this.#close();
  }

  /** What the filters held back to the end, once. */
  #addTail() {
    const { text, reasoning } = this.#record.tail;
    this.#isFiltered = false;
    if (reasoning) this.#reason(reasoning);
    if (text) this.#write(text);
  }

  #reason(written) {
    if (!written) return;
    if (this.#reasoning === null) {
      const template = document.getElementById("reasoning-template").content.cloneNode(true);
      this.#reasoning = new Pieces(template.querySelector(".reasoning__text"));
      this.#host.prepend(template);
    }
    this.#reasoning.append(written);
  }
}
