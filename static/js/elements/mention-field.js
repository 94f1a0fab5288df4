/** A text field that completes @names from `<datalist id="review-people">`; Ctrl or ⌘ with Enter sends its form. */
const WORD = /(?:^|[^\w.@/])@([\w.+@-]*)$/;
const MOST = 8;
let number = 0;

class MentionField extends HTMLElement {
  #list = null;
  #active = 0;

  connectedCallback() {
    this.addEventListener("input", this.#typed);
    this.addEventListener("keydown", this.#pressed);
    this.addEventListener("focusout", this.#close);
  }

  disconnectedCallback() {
    this.#close();
  }

  get #field() {
    return this.querySelector("textarea");
  }

  #typed = () => {
    const before = this.#field.value.slice(0, this.#field.selectionStart);
    const typed = WORD.exec(before)?.[1].toLowerCase();
    const people = [...(document.getElementById("review-people")?.options ?? [])].map((option) => option.value);
    const found = typed === undefined ? [] : people.filter((name) => name.toLowerCase().startsWith(typed)).slice(0, MOST);
    if (found.length === 0) return this.#close();
    this.#show(found);
  };

  #show(names) {
    this.#list ??= this.#open();
    this.#list.replaceChildren(...names.map((name, index) => option(name, `${this.#list.id}-${index}`)));
    this.#activate(0);
    const box = this.#field.getBoundingClientRect();
    this.#list.style.top = `${Math.min(box.bottom, window.innerHeight - this.#list.offsetHeight - 8)}px`;
    this.#list.style.left = `${Math.min(box.left, window.innerWidth - this.#list.offsetWidth - 8)}px`;
  }

  #open() {
    const list = document.createElement("ul");
    list.className = "model-picker__list mention-field__list";
    list.role = "listbox";
    list.id = `mention-field-${(number += 1)}`;
    list.popover = "manual";
    list.addEventListener("pointerdown", (event) => {
      event.preventDefault(); // the focus stays in the field
      this.#choose(event.target.closest("[role=option]"));
    });
    this.append(list);
    list.showPopover();
    this.#field.setAttribute("aria-controls", list.id);
    return list;
  }

  #close = () => {
    this.#list?.remove();
    this.#list = null;
    this.#field?.removeAttribute("aria-activedescendant");
  };

  #pressed = (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      this.closest("form").requestSubmit();
    } else if (this.#list) this.#steer(event);
  };

  #steer(event) {
    const { length } = this.#list.children;
    if (event.key === "ArrowDown") this.#activate((this.#active + 1) % length);
    else if (event.key === "ArrowUp") this.#activate((this.#active - 1 + length) % length);
    else if (event.key === "Enter" || event.key === "Tab") this.#choose(this.#list.children[this.#active]);
    else if (event.key === "Escape") this.#close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #activate(index) {
    this.#list.children[this.#active]?.setAttribute("aria-selected", "false");
    this.#active = index;
    const active = this.#list.children[index];
    active.ariaSelected = "true";
    active.scrollIntoView({ block: "nearest" });
    this.#field.setAttribute("aria-activedescendant", active.id);
  }

  #choose(chosen) {
    if (!chosen) return;
    const field = this.#field;
    const end = field.selectionStart;
    const start = field.value.slice(0, end).lastIndexOf("@");
    field.setRangeText(`@${chosen.textContent} `, start, end, "end");
    this.#close();
  }
}

function option(name, id) {
  const item = document.createElement("li");
  item.className = "model-picker__option";
  item.id = id;
  item.role = "option";
  item.ariaSelected = "false";
  item.textContent = name;
  return item;
}

customElements.define("mention-field", MentionField);
