/**
 * The answer while it streams. The open block is plain text, one text node; a block that closes is set as Markdown.
 * When the run has ended, the server's rendering takes this one's place. In a lane that says so, it is shown as the
 * workspace's filters have it.
 */
import { fenceOf, renderBlock } from "../lib/markdown.js";

export class AnswerView {
  #record;
  #host;
  #body;
  #next = 0; // chunk
  #line = ""; // the line being written
  #fence = null; // that of the open code block
  #source = ""; // of the open block, its complete lines
  #open = null;
  #text = null;
  #reasoning = null;
  #isFiltered;

  constructor(record, host) {
    this.#record = record;
    this.#host = host;
    this.#isFiltered = host.closest("[data-shown]")?.dataset.shown === "filtered";
    host.replaceChildren();
    this.#body = document.createElement("div");
    this.#body.className = "prose prose--live";
    host.append(this.#body);
  }

  draw(deadline) {
    const { chunks } = this.#record;
    while (this.#next < chunks.length) {
      let written = "";
      const stop = Math.min(chunks.length, this.#next + 200);
      for (; this.#next < stop; this.#next += 1) {
        const chunk = chunks[this.#next];
        const text = this.#isFiltered ? chunk.shown ?? chunk.text : chunk.text;
        if (chunk.part === "text") written += text;
        else if (chunk.part === "reasoning") this.#reason(text);
      }
      if (written) this.#write(written);
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
    this.#text.appendData(shown);
  }

  #lineEnds(line) {
    const fence = fenceOf(line);
    if (this.#fence) {
      if (fence && fence.bare && fence.mark.startsWith(this.#fence.mark)) return this.#closeCode(line);
      this.#source += `${line}\n`;
    } else if (fence) {
      this.#text?.deleteData(this.#text.length - line.length - 1, line.length + 1);
      this.#close();
      this.#openCode(fence);
    } else if (line.trim() === "") {
      this.#close();
    } else {
      this.#source += `${line}\n`;
    }
  }

  #openBlock(element) {
    this.#text = document.createTextNode("");
    this.#open = element;
    element.append(this.#text);
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
    this.#text.deleteData(this.#text.length - line.length - 1, line.length + 1);
    this.#fence = this.#open = this.#text = null;
    this.#source = "";
  }

  #close() {
    if (this.#open) this.#open.replaceWith(...renderBlock(this.#source));
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
      this.#reasoning = document.createTextNode("");
      template.querySelector(".reasoning__text").append(this.#reasoning);
      this.#host.prepend(template);
    }
    this.#reasoning.appendData(written);
  }
}
