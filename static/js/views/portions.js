/** The chunks of a record in portions that are shown in a moment each, however long a chunk is. */
const CHUNKS = 200;
const CHARACTERS = 16_384;

export class Portions {
  #record;
  #next = 0; // chunk
  #at = 0; // in it

  constructor(record) {
    this.#record = record;
  }

  get isEmpty() {
    return this.#next >= this.#record.chunks.length;
  }

  /** The next {text, reasoning}. */
  take(isFiltered) {
    const { chunks } = this.#record;
    const taken = { text: "", reasoning: "" };
    for (let n = 0; n < CHUNKS && this.#next < chunks.length && taken.text.length < CHARACTERS; n += 1) {
      const { part, text, shown } = chunks[this.#next];
      const whole = isFiltered ? shown ?? text : text;
      if (part in taken) taken[part] += whole.slice(this.#at, this.#at + CHARACTERS);
      this.#at += CHARACTERS;
      if (this.#at < whole.length) continue;
      this.#next += 1;
      this.#at = 0;
    }
    return taken;
  }
}
