/** The models of the next turn: a row each, 1 to 8. Without scripts its buttons post, and the server does the same. */
import { text } from "../lib/texts.js";

const MOST = 8;

class LaneList extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", this.#clicked);
    this.addEventListener("input", this.#summarise);
  }

  disconnectedCallback() {
    this.removeEventListener("click", this.#clicked);
    this.removeEventListener("input", this.#summarise);
  }

  get #rows() {
    return this.querySelector(".lane-list__rows");
  }

  #clicked = (event) => {
    const button = event.target.closest("button[name=change_lanes]");
    if (!button) return;
    event.preventDefault();
    if (button.value === "add") this.#add();
    else this.#remove(button.closest("li"));
    this.#number();
    this.#summarise();
  };

  #add() {
    const last = this.#rows.lastElementChild?.querySelector("input").value ?? "";
    this.#rows.append(this.querySelector("template").content.cloneNode(true));
    const input = this.#rows.lastElementChild.querySelector("input");
    input.value = last;
    input.focus();
    input.select();
  }

  #remove(row) {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    next?.querySelector("input").focus();
  }

  #number() {
    const rows = [...this.#rows.children];
    rows.forEach((row, number) => {
      const button = row.querySelector("button");
      button.value = number;
      button.disabled = rows.length === 1;
    });
    this.querySelector(".lane-list__add").disabled = rows.length >= MOST;
  }

  #summarise = () => {
    const models = [...this.#rows.querySelectorAll("input")].map((input) => input.value);
    const summary = models.length === 1 ? models[0] : text("models", { n: models.length });
    document.querySelector("[data-lanes-summary]").textContent = summary;
    for (const notice of this.querySelectorAll("[data-unavailable]"))
      notice.hidden = !models.includes(notice.dataset.unavailable);
  };
}

customElements.define("lane-list", LaneList);
