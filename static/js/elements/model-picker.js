/**
 * A combobox over the page's `<datalist id="models">`: all models on a click or an arrow key, fewer while typing, any id may be typed.
 * Without scripts the input's own datalist does.
 */
let number = 0;

class ModelPicker extends HTMLElement {
  #list = null;
  #active = -1;

  connectedCallback() {
    this.#input.removeAttribute("list");
    for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false" }))
      this.#input.setAttribute(name, value);
    this.addEventListener("click", this.#opened);
    this.addEventListener("input", this.#typed);
    this.addEventListener("keydown", this.#pressed);
    this.addEventListener("focusout", this.#close);
  }

  disconnectedCallback() {
    this.#close();
  }

  get #input() {
    return this.querySelector("input");
  }

  #opened = () => {
    if (this.#list) return;
    this.#list = document.createElement("ul");
    this.#list.className = "model-picker__list";
    this.#list.role = "listbox";
    this.#list.id = `model-picker-${(number += 1)}`;
    this.#list.popover = "manual";
    this.#list.addEventListener("pointerdown", (event) => this.#picked(event));
    this.append(this.#list);
    this.#fill("");
    this.#list.showPopover();
    this.#place();
    this.#input.setAttribute("aria-controls", this.#list.id);
    this.#input.ariaExpanded = "true";
  };

  #close = () => {
    this.#list?.remove();
    this.#list = null;
    this.#input.ariaExpanded = "false";
    this.#input.removeAttribute("aria-activedescendant");
  };

  #typed = (event) => {
    if (!event.isTrusted) return;
    this.#opened();
    this.#fill(this.#input.value.trim().toLowerCase());
  };

  #fill(query) {
    const models = [...document.getElementById("models").options];
    const found = models.filter((model) => `${model.value} ${model.label}`.toLowerCase().includes(query));
    this.#list.replaceChildren(...found.map((model, index) => option(model, `${this.#list.id}-${index}`)));
    this.#list.hidden = found.length === 0;
    this.#activate(found.findIndex((model) => model.value === this.#input.value));
  }

  #place() {
    const box = this.#input.getBoundingClientRect();
    const below = window.innerHeight - box.bottom > this.#list.offsetHeight;
    this.#list.style.top = `${below ? box.bottom : Math.max(0, box.top - this.#list.offsetHeight - 4)}px`;
    this.#list.style.left = `${Math.max(8, Math.min(box.left, window.innerWidth - this.#list.offsetWidth - 8))}px`;
  }

  #pressed = (event) => {
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) {
      event.preventDefault();
      this.#opened();
      this.#activate(Math.max(0, Math.min(this.#list.children.length - 1, this.#active + steps[event.key])));
    } else if (event.key === "Enter" && this.#list) {
      event.preventDefault();
      this.#choose(this.#list.children[this.#active]);
    } else if (event.key === "Escape" && this.#list) {
      event.stopPropagation();
      event.preventDefault();
      this.#close();
    }
  };

  #activate(index) {
    this.#list.children[this.#active]?.setAttribute("aria-selected", "false");
    this.#active = index;
    const active = this.#list.children[index];
    if (!active) return this.#input.removeAttribute("aria-activedescendant");
    active.ariaSelected = "true";
    active.scrollIntoView({ block: "nearest" });
    this.#input.setAttribute("aria-activedescendant", active.id);
  }

  #picked(event) {
    event.preventDefault(); // the focus stays in the input
    this.#choose(event.target.closest("[role=option]"));
  }

  #choose(chosen) {
    if (chosen?.ariaDisabled === "true") return;
    if (chosen) this.#input.value = chosen.dataset.value;
    this.#close();
    this.#input.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

function option(model, id) {
  const item = document.createElement("li");
  item.className = "model-picker__option";
  item.id = id;
  item.role = "option";
  item.ariaSelected = "false";
  item.dataset.value = model.value;
  if (model.disabled) item.ariaDisabled = "true";
  const lines = { id: model.value, label: model.label, detail: model.dataset.detail };
  for (const [part, content] of Object.entries(lines)) {
    const line = document.createElement("div");
    line.className = part === "id" ? "model-picker__id" : "model-picker__detail";
    line.textContent = content;
    if (content && !(part === "label" && content === model.value)) item.append(line);
  }
  return item;
}

customElements.define("model-picker", ModelPicker);
