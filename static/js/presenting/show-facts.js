/** `<show-facts>`: for the speaker, how long the show goes on and how many watch it. */
import { text } from "../lib/texts.js";
import { serverNow } from "./server-clock.js";

class ShowFacts extends HTMLElement {
  #listeners = null;
  #timer = 0;

  connectedCallback() {
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    document.body.addEventListener("room:presence", (event) => this.#watching(event.detail), { signal });
    this.#timer = setInterval(() => this.#elapsed(), 1000);
    this.#elapsed();
  }

  disconnectedCallback() {
    this.#listeners.abort();
    clearInterval(this.#timer);
  }

  /** People with an account are the presenter's own windows: the audience comes by the link. */
  #watching({ watching, people }) {
    this.#set("watching", text("stage.watching", { n: Math.max(0, watching - people.length) }));
  }

  #elapsed() {
    const seconds = Math.max(0, Math.floor(serverNow() / 1000 - Number(this.dataset.since)));
    const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
    const rest = String(seconds % 60).padStart(2, "0");
    this.#set("elapsed", hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`);
  }

  #set(fact, value) {
    this.querySelector(`[data-fact=${fact}]`).textContent = value;
  }
}

customElements.define("show-facts", ShowFacts);
