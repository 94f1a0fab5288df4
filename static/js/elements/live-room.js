/** `<live-room data-room="session:…">`: the page is in that room while the element is in the page. */
import { join } from "../lib/rooms.js";

class LiveRoom extends HTMLElement {
  static observedAttributes = ["data-room"];
  #leave = null;

  connectedCallback() {
    if (this.#leave === null && this.dataset.room) this.#leave = join(this.dataset.room);
  }

  disconnectedCallback() {
    this.#leave?.();
    this.#leave = null;
  }

  attributeChangedCallback(_name, before, after) {
    if (!this.isConnected || before === after) return;
    this.disconnectedCallback();
    this.connectedCallback();
  }
}

customElements.define("live-room", LiveRoom);
