/**
 * `<connection-bar>`: that the page has lost its connection, when it tries again, and a button to try now. A loss that
 * is over at once is not shown here; a screen reader hears of the loss and of the return, not of each try.
 */
import { announce } from "../lib/announce.js";
import { socket } from "../lib/socket.js";
import { text } from "../lib/texts.js";

const SHOWN_AFTER_MS = 1000;
const TICK_MS = 250;

class ConnectionBar extends HTMLElement {
  #listeners = null;
  #lost = null; // what the connection said last, while it is lost
  #showTimer = 0;
  #ticker = 0;

  connectedCallback() {
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    document.addEventListener("playground:connection", ({ detail }) => this.#changed(detail), { signal });
    this.querySelector("button").addEventListener("click", () => socket.tryNow(), { signal });
  }

  disconnectedCallback() {
    this.#listeners.abort();
    this.#hide();
  }

  #changed(detail) {
    if (detail.state !== "waiting") {
      if (!this.hidden && detail.isBack) announce(text("connection.back"));
      return this.#hide();
    }
    this.#lost = detail;
    this.#showTimer ||= setTimeout(() => this.#show(), SHOWN_AFTER_MS);
    if (!this.hidden) this.#say();
  }

  #show() {
    this.hidden = false;
    this.#ticker = setInterval(() => this.#say(), TICK_MS);
    this.#say();
    announce(text("connection.lost"));
  }

  #hide() {
    clearTimeout(this.#showTimer);
    clearInterval(this.#ticker);
    this.#showTimer = 0;
    this.#lost = null;
    if (this.contains(document.activeElement)) document.getElementById("main")?.focus(); // the button goes
    this.hidden = true;
  }

  #say() {
    const when = this.querySelector("[data-when]");
    const words = this.#when();
    if (when.textContent !== words) when.textContent = words;
  }

  #when() {
    const { tries, nextTry } = this.#lost;
    if (nextTry === null) return text("connection.trying");
    const left = Math.max(0, nextTry - Date.now()) / 1000;
    return text("connection.next", { n: tries, s: Math.ceil(left) });
  }
}

customElements.define("connection-bar", ConnectionBar);
