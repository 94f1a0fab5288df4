/** A session that others may look at, too: who does, and that what comes from elsewhere appears here. */
import { join } from "../lib/rooms.js";
import { text } from "../lib/texts.js";
import { TurnSync } from "../lib/turn-sync.js";

class LiveSession extends HTMLElement {
  #listeners = null;
  #leave = null;

  connectedCallback() {
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    const room = `session:${this.dataset.session}`;
    const sync = new TurnSync(this.dataset.turns, signal);
    const on = (what, act) =>
      document.body.addEventListener(
        `room:${what}`,
        ({ detail }) => (detail.room === undefined || detail.room === room) && act(detail),
        { signal },
      );
    on("presence", (detail) => this.#show(detail));
    on("turns", () => sync.look());
    on("joined", () => sync.look()); // for what came before
    on("lost", () => this.#lost());
    this.#leave = join(room);
  }

  disconnectedCallback() {
    this.#listeners.abort();
    this.#leave();
  }

  /** Oneself does not count. */
  #show({ watching, people }) {
    const others = people.filter((name) => name !== this.dataset.me);
    const count = watching - (people.length - others.length);
    this.querySelector("details").hidden = count === 0;
    this.querySelector("[data-watching]").textContent = text("watching", { n: count });
    const unnamed = count - others.length;
    const rows = unnamed > 0 ? [...others, text("watching.unnamed", { n: unnamed })] : others;
    this.querySelector("[data-people]").replaceChildren(...rows.map(row));
  }

  #lost() {
    const notice = document.querySelector("[data-lost]");
    if (notice) notice.hidden = false;
    document.querySelector(".reading form")?.remove();
    for (const button of document.querySelectorAll("prompt-composer button")) button.disabled = true;
    this.querySelector("details").hidden = true;
  }
}

function row(name) {
  const item = document.createElement("li");
  item.textContent = name;
  return item;
}

customElements.define("live-session", LiveSession);
