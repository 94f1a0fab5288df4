/** "Latest": shown while an answer grows below what the reader looks at. */
import { goToEnd, isAtEnd } from "../lib/scroll.js";

class ScrollEnd extends HTMLElement {
  #listeners = null;

  connectedCallback() {
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    const scroller = document.querySelector(".workbench__scroll");
    scroller.addEventListener("scroll", () => (this.hidden = isAtEnd(scroller)), { signal, passive: true });
    this.addEventListener("click", () => goToEnd(scroller), { signal });
  }

  disconnectedCallback() {
    this.#listeners.abort();
  }
}

customElements.define("scroll-end", ScrollEnd);
