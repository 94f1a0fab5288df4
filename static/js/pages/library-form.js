/** <variable-rows>: a row of fields for each `{{name}}` in the texts of a prompt, as they are typed. */
const ESCAPED = /\\\\(?=\{\{)|\\\{\{/g; // a backslash before braces: they are literal
const NAME = /\{\{[ \t]*([\p{L}_][\p{L}\p{N}_]{0,63})[ \t]*\}\}/gu;

class VariableRows extends HTMLElement {
  #put = new Map(); // rows of names that went, with what was typed in them

  connectedCallback() {
    this.addEventListener("input", (event) => {
      if (event.target.matches("[name=text], [name=system]")) this.#update();
    });
    this.#update();
  }

  get #names() {
    const texts = [...this.querySelectorAll("[name=system], [name=text]")].map((field) => field.value);
    return [...new Set(texts.flatMap((text) => [...text.replace(ESCAPED, " ").matchAll(NAME)].map((found) => found[1])))];
  }

  #update() {
    const names = this.#names;
    const list = this.querySelector(".prompt-form__rows");
    for (const row of [...list.children]) {
      if (names.includes(row.dataset.name)) continue;
      this.#put.set(row.dataset.name, row);
      row.remove();
    }
    const rows = new Map([...list.children].map((row) => [row.dataset.name, row]));
    for (const name of names) if (!rows.has(name)) rows.set(name, this.#put.get(name) ?? this.#made(name));
    names.forEach((name, at) => {
      if (list.children[at] !== rows.get(name)) list.insertBefore(rows.get(name), list.children[at] ?? null);
    });
    this.querySelector(".prompt-form__none").hidden = names.length > 0;
  }

  #made(name) {
    const row = this.querySelector("template").content.firstElementChild.cloneNode(true);
    row.dataset.name = name;
    row.querySelector(".variable").textContent = name;
    for (const element of row.querySelectorAll("[id], [for], [name]")) {
      for (const attribute of ["id", "for", "name"]) {
        const value = element.getAttribute(attribute);
        if (value) element.setAttribute(attribute, value.replace("__name__", () => name));
      }
    }
    return row;
  }
}

customElements.define("variable-rows", VariableRows);
