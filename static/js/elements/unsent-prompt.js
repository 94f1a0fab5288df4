/** `<unsent-prompt data-draft="…">`: what was typed before its writer could not send any more, to be copied. */
import { Draft } from "../lib/draft.js";

class UnsentPrompt extends HTMLElement {
  connectedCallback() {
    const { prompt } = new Draft(this.dataset.draft);
    this.querySelector("textarea").value = prompt;
    this.hidden = !prompt;
  }
}

customElements.define("unsent-prompt", UnsentPrompt);
