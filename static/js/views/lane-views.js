/** The views that a lane draws itself from its record, while the run streams. They are made when first looked at. */
import { AnswerView } from "./answer.js";
import { CharactersView } from "./characters.js";
import { TokensView } from "./tokens.js";

const VIEWS = { answer: AnswerView, characters: CharactersView, tokens: TokensView };

export class LaneViews {
  #record;
  #panel;
  #made = new Map();

  /** `panel` finds the panel of a view by its name. */
  constructor(record, panel) {
    this.#record = record;
    this.#panel = panel;
  }

  has(name) {
    return name in VIEWS;
  }

  /** null for a view of the server's; a panel that it has filled is left alone. */
  get(name) {
    if (!this.has(name)) return null;
    const panel = this.#panel(name);
    if (panel.hasAttribute("data-served")) return null;
    if (!this.#made.has(name)) this.#made.set(name, new VIEWS[name](this.#record, panel));
    return this.#made.get(name);
  }

  /** The view is made anew when it is looked at next. */
  forget(name) {
    this.#made.delete(name);
  }

  clear() {
    this.#made.clear();
  }
}
