/**
 * Tabs after the ARIA pattern: arrow keys, Home and End move; a tab shows the panel that it controls. Where a tab has
 * `hx-get`, htmx fills the panel. Without scripts the tabs are links.
 */
const STEPS = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };

class TabList extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", this.#clicked);
    this.addEventListener("keydown", this.#pressed);
  }

  disconnectedCallback() {
    this.removeEventListener("click", this.#clicked);
    this.removeEventListener("keydown", this.#pressed);
  }

  get tabs() {
    return [...this.querySelectorAll("[role=tab]")];
  }

  #clicked = (event) => {
    const tab = event.target.closest("[role=tab]");
    if (!tab || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    this.select(tab);
  };

  #pressed = (event) => {
    const { tabs } = this;
    const from = tabs.indexOf(document.activeElement);
    if (!(event.key in STEPS) || from < 0) return;
    event.preventDefault();
    const to = Math.min(tabs.length - 1, Math.max(0, from + STEPS[event.key]));
    tabs[to].focus();
    tabs[to].click();
  };

  select(tab) {
    for (const each of this.tabs) {
      const chosen = each === tab;
      each.ariaSelected = String(chosen);
      each.tabIndex = chosen ? 0 : -1;
      document.getElementById(each.getAttribute("aria-controls")).hidden = !chosen;
    }
    this.dispatchEvent(new CustomEvent("tab-shown", { bubbles: true, detail: { view: tab.dataset.view } }));
  }
}

customElements.define("tab-list", TabList);
