/** What a busy server has refused is asked again: after a moment, later each time, or at once when it is well again. */
import { delayBefore } from "./backoff.js";

const AT_LEAST_MS = 1000;

export class AskAgain {
  #questions = new Map(); // what is asked about → the function that asks
  #tries = 0;
  #timer = 0;

  later(about, ask) {
    this.#questions.set(about, ask);
    if (this.#timer) return;
    this.#tries += 1;
    this.#timer = setTimeout(() => this.#now(), AT_LEAST_MS + delayBefore(this.#tries));
  }

  /** The server is well again: nobody need wait any more. */
  hurry() {
    this.#tries = 0;
    this.#now();
  }

  /** All is asked anew, by a new connection. */
  forget() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#tries = 0;
    this.#questions.clear();
  }

  #now() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const questions = [...this.#questions.values()];
    this.#questions.clear();
    for (const ask of questions) ask();
  }
}
