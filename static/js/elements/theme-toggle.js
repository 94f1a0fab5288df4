/** Auto, light, dark. The choice is a cookie, so that the server renders the page in it from the first byte. */
const NEXT = { auto: "light", light: "dark", dark: "auto" };
const ICONS = { auto: "icon--auto", light: "icon--sun", dark: "icon--moon" };
const YEAR_S = 31_536_000;
const HAS_SERVER = window.origin !== "null"; // a file, or a page in a sandbox, has no cookies: there it may not even ask

class ThemeToggle extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", this.#turn);
    this.#show();
  }

  disconnectedCallback() {
    this.removeEventListener("click", this.#turn);
  }

  get #theme() {
    return document.documentElement.dataset.theme ?? "auto";
  }

  #turn = () => {
    const theme = NEXT[this.#theme];
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    if (HAS_SERVER) document.cookie = `theme=${theme}; path=/; max-age=${YEAR_S}; samesite=lax`;
    this.#show();
  };

  #show() {
    const label = this.querySelector("[data-auto]");
    label.textContent = label.dataset[this.#theme];
    this.querySelector(".icon").className = `icon ${ICONS[this.#theme]}`;
  }
}

customElements.define("theme-toggle", ThemeToggle);
