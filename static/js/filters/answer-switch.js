/**
 * The switch of a lane between the answer as it came and as the workspace's filters show it. While the answer streams,
 * the lane has both and draws the other one at once; afterwards the link fetches it. The choice is a cookie, so that
 * the server renders the next page in it.
 */
const YEAR_S = 31_536_000;

class AnswerSwitch extends HTMLElement {
  #listeners = null;

  connectedCallback() {
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    this.addEventListener("click", this.#choose, { signal, capture: true });
    const elsewhere = ({ detail }) => this.toggleAttribute("data-elsewhere", detail.view !== "answer");
    this.#lane.addEventListener("tab-shown", elsewhere, { signal });
  }

  disconnectedCallback() {
    this.#listeners.abort();
  }

  get #lane() {
    return this.closest("run-lane");
  }

  #choose = (event) => {
    const link = event.target.closest("[data-shows]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const { shows } = link.dataset;
    document.cookie = `answers=${shows}; path=/; max-age=${YEAR_S}; samesite=lax`;
    this.querySelector("input").value = shows;
    for (const each of this.querySelectorAll("[data-shows]")) {
      if (each === link) each.setAttribute("aria-current", "true");
      else each.removeAttribute("aria-current");
    }
    this.#lane.dataset.shown = shows;
    if (!this.#lane.hasAttribute("data-live")) return; // htmx fetches it, in place of what is being fetched
    event.preventDefault();
    event.stopPropagation();
    this.#lane.dispatchEvent(new Event("answer-shown"));
  };
}

customElements.define("answer-switch", AnswerSwitch);
