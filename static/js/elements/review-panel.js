/**
 * The panel of a review. `data-url` is where it comes from; on a session's page it is a drawer (a popover), elsewhere it
 * stands in the page. Links with `data-review` (a query string) open it there instead of going to its own page.
 */
class ReviewPanel extends HTMLElement {
  #opener = null;
  #listeners = null;
  #typed = new Map(); // what is half written, by the id of its field

  connectedCallback() {
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    this.addEventListener("click", (event) => this.#clicked(event), { signal });
    document.addEventListener("keydown", (event) => this.#pressed(event), { signal });
    window.addEventListener("hashchange", () => this.#followHash(), { signal });
    if (document.readyState === "complete") this.#followHash();
    else window.addEventListener("load", () => this.#followHash(), { signal, once: true });
  }

  disconnectedCallback() {
    this.#listeners.abort();
  }

  get isDrawer() {
    return this.hasAttribute("popover");
  }

  get #body() {
    return this.querySelector(".review-drawer__body");
  }

  /** Show what `query` asks for, and put the cursor where it is written; or go to a thread. */
  async open(query, thread = "") {
    if (this.isDrawer && !this.matches(":popover-open")) {
      this.#opener = document.activeElement;
      this.showPopover();
    }
    this.#body.ariaBusy = "true";
    this.#keepTyped();
    await window.htmx.ajax("GET", `${this.dataset.url}?${query}`, { target: this.#body, swap: "innerHTML" });
    this.#body.ariaBusy = "false";
    this.#restoreTyped();
    if (thread) return this.#goTo(thread);
    const field = this.querySelector("#compose-form textarea");
    if (new URLSearchParams(query).size > 0) field?.focus();
    else this.#body.focus();
  }

  close() {
    this.#keepTyped();
    this.hidePopover();
    this.#body.replaceChildren();
    this.#opener?.focus?.();
    if (location.hash === "#review" || location.hash.startsWith("#thread-"))
      history.replaceState(history.state, "", location.pathname + location.search);
  }

  #keepTyped() {
    for (const field of this.querySelectorAll("textarea[id]"))
      if (field.value !== field.defaultValue) this.#typed.set(field.id, field.value);
  }

  #restoreTyped() {
    for (const field of this.querySelectorAll("textarea[id]")) {
      const typed = this.#typed.get(field.id);
      if (typed && field.value === field.defaultValue) field.value = typed;
      this.#typed.delete(field.id);
    }
  }

  /** Escape closes it when the cursor is in it, or nowhere: what the cursor was in may be gone by now. */
  #pressed(event) {
    if (event.key !== "Escape" || !this.isDrawer || !this.matches(":popover-open")) return;
    if (this.contains(event.target) || event.target === document.body) this.close();
  }

  #clicked(event) {
    if (event.target.closest("[data-close]")) return this.close();
    const link = event.target.closest("[data-permalink]");
    if (link && !event.metaKey && !event.ctrlKey) this.#copy(event, link);
  }

  async #copy(event, link) {
    if (!navigator.clipboard) return; // the link is followed
    event.preventDefault();
    await navigator.clipboard.writeText(link.href);
    const detail = { message: link.dataset.permalink, level: "info" };
    document.body.dispatchEvent(new CustomEvent("playground:notice", { bubbles: true, detail }));
  }

  #followHash() {
    const { hash } = location;
    if (hash === "#review" && this.isDrawer) this.open("");
    if (!hash.startsWith("#thread-")) return;
    if (document.querySelector(hash)) this.#goTo(hash.slice(1));
    else this.open("show=all", hash.slice(1));
  }

  #goTo(id) {
    const thread = document.getElementById(id);
    thread?.scrollIntoView({ block: "center" });
    thread?.focus();
  }
}

customElements.define("review-panel", ReviewPanel);

/** Open the page's panel, if it has one. */
export function openReview(query, thread = "") {
  const panel = document.querySelector("review-panel");
  panel?.open(query, thread);
  return panel !== null;
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-review]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
  if (openReview(link.dataset.review)) event.preventDefault();
});
