/** What was typed and not sent, kept in this browser until it is sent. */
const FIELDS = ["prompt", "system"];

export class Draft {
  #key;

  constructor(name) {
    this.#key = `draft:${name}`;
  }

  save(form) {
    const values = Object.fromEntries(FIELDS.map((name) => [name, form.elements[name].value]));
    try {
      if (values.prompt) localStorage.setItem(this.#key, JSON.stringify(values));
      else this.clear();
    } catch {
      // the browser keeps nothing for us (full, or forbidden): the text is still in the form
    }
  }

  /** What the server filled in stays. */
  restore(form) {
    if (form.elements.prompt.value) return;
    const values = this.#read();
    for (const name of FIELDS) if (values[name]) form.elements[name].value = values[name];
  }

  get prompt() {
    return this.#read().prompt ?? "";
  }

  clear() {
    try {
      localStorage.removeItem(this.#key);
    } catch {
      // as in save()
    }
  }

  #read() {
    try {
      return JSON.parse(localStorage.getItem(this.#key)) ?? {};
    } catch {
      return {};
    }
  }
}
