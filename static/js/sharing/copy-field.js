/** `<copy-field>`: an input whose button copies it. Without scripts the text can be selected. */
import { announce } from "../lib/announce.js";

const DONE_MS = 1500;

class CopyField extends HTMLElement {
  connectedCallback() {
    this.querySelector("button").addEventListener("click", this.#copy);
    this.querySelector("input").addEventListener("focus", this.#select);
  }

  #select = (event) => event.target.select();

  #copy = async (event) => {
    const button = event.currentTarget;
    await navigator.clipboard.writeText(this.querySelector("input").value);
    announce(button.dataset.done);
    button.classList.add("button--done");
    setTimeout(() => button.classList.remove("button--done"), DONE_MS);
  };
}

customElements.define("copy-field", CopyField);
