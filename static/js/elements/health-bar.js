/** `<health-bar>`: what is wrong with the server's own services, as the socket tells it, until all is well again. */
import { announce } from "../lib/announce.js";
import { text } from "../lib/texts.js";

class HealthBar extends HTMLElement {
  #listeners = null;
  #said = "";

  connectedCallback() {
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    document.addEventListener("playground:health", ({ detail }) => this.#show(detail.problems), { signal });
  }

  disconnectedCallback() {
    this.#listeners.abort();
  }

  /** The reader's language first, then what the server said. */
  #show(problems) {
    const sentences = problems.map(({ code, message }) => text(`health.${code}`, {}, message));
    this.hidden = sentences.length === 0;
    this.querySelector("[data-problems]").replaceChildren(...sentences.map(row));
    const said = sentences.join(" ");
    if (said === this.#said) return;
    announce(said || text("health.well"));
    this.#said = said;
  }
}

function row(sentence) {
  const item = document.createElement("li");
  item.textContent = sentence;
  return item;
}

customElements.define("health-bar", HealthBar);
