/** `<copy-field>`: an input or a `<pre>` whose button copies it. Without scripts the text can be selected. */
import { announce } from "../lib/announce.js";

const DONE_MS = 1500;

class CopyField extends HTMLElement {
  connectedCallback() {
    this.querySelector("button").addEventListener("click", this.#copy);
    this.querySelector("input")?.addEventListener("focus", this.#select);
  }

  #select = (event) => event.target.select();

  #copy = async (event) => {
    const button = event.currentTarget;
    const source = this.querySelector("input, pre");
    await navigator.clipboard.writeText(source.value ?? source.textContent);
    announce(button.dataset.done);
    button.classList.add("button--done");
    setTimeout(() => button.classList.remove("button--done"), DONE_MS);
  };
}

customElements.define("copy-field", CopyField);
