/**
 * Draws one lane of a `Player`: the one view that is looked at.
 *
 *   const views = new LaneViews(lane, { answer: element, tokens: element, … }, { timeline: TimelineView });
 *   views.show("tokens");
 *   views.draw(deadline);   // on the player's "time"; `Infinity` draws everything, true says that more is to be drawn
 *
 * The views of `static/js/views/` need the page's `#reasoning-template`, `#tokens-template` and `#texts`. Further ones
 * are classes of the same kind: `new View(record, panel, lane)` with `draw(deadline)`; what `static grows` downwards is
 * kept at its end, as long as the reader is there.
 */
import { followEnd, keepAtEnd } from "../lib/scroll.js";
import { AnswerView } from "../views/answer.js";
import { CharactersView } from "../views/characters.js";
import { TokensView } from "../views/tokens.js";

const VIEWS = { answer: AnswerView, characters: CharactersView, tokens: TokensView };

export class LaneViews {
  #lane;
  #panels;
  #kinds;
  #views = new Map();
  #version = 0;
  #shown = "answer";

  constructor(lane, panels, more = {}) {
    this.#lane = lane;
    this.#panels = panels;
    this.#kinds = { ...VIEWS, ...more };
    for (const [name, panel] of Object.entries(panels)) if (this.#grows(name)) followEnd(panel);
  }

  show(name) {
    this.#shown = name;
  }

  draw(deadline) {
    const { record, version } = this.#lane;
    if (version !== this.#version) this.#views.clear();
    this.#version = version;
    const panel = this.#panels[this.#shown];
    let view = this.#views.get(this.#shown);
    if (!view) this.#views.set(this.#shown, (view = new this.#kinds[this.#shown](record, panel, this.#lane)));
    const more = view.draw(deadline) ?? false;
    if (this.#grows(this.#shown)) keepAtEnd(panel);
    return more;
  }

  #grows(name) {
    return name in VIEWS || this.#kinds[name]?.grows;
  }
}
