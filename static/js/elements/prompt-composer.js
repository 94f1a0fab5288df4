/**
 * The composer: Enter sends (never while an input method composes), a draft survives a reload, and nothing typed is
 * lost: the prompt is emptied only when the server has taken it.
 */
import { Draft } from "../lib/draft.js";
import { NotSent } from "../lib/not-sent.js";
import { goToEnd } from "../lib/scroll.js";
import { text } from "../lib/texts.js";

const TOUCH = window.matchMedia("(pointer: coarse)"); // there Enter makes a new line, and the button sends

class PromptComposer extends HTMLElement {
  #listeners = null;
  #sent = null;
  #notSent = new NotSent(this);

  connectedCallback() {
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    const page = this.ownerDocument;
    this.addEventListener("keydown", (event) => this.#pressed(event), { signal });
    this.addEventListener("input", () => this.#typed(), { signal });
    this.addEventListener("paste", (event) => this.#filesCame(event, event.clipboardData), { signal });
    page.addEventListener("dragover", (event) => this.#filesCame(event, event.dataTransfer), { signal });
    page.addEventListener("drop", (event) => this.#filesCame(event, event.dataTransfer), { signal });
    this.addEventListener("htmx:before:request", (event) => this.#sending(event), { signal });
    this.addEventListener("htmx:after:request", (event) => this.#answered(event), { signal });
    this.addEventListener("htmx:after:swap", (event) => this.#swapped(event.detail.ctx), { signal });
    this.addEventListener("htmx:error", ({ target }) => this.#failed(target), { signal });
    page.addEventListener("click", (event) => this.#example(event), { signal });
    page.addEventListener("playground:connection", ({ detail }) => this.#connection(detail), { signal });
    page.addEventListener("playground:health", ({ detail }) => this.#health(detail), { signal });
    page.addEventListener("htmx:after:swap", (event) => this.#filled(event.detail.ctx), { signal });
    this.#draft.restore(this.#form);
  }

  disconnectedCallback() {
    this.#listeners.abort();
  }

  get #form() {
    return this.querySelector("form");
  }

  get #prompt() {
    return this.#form.elements.prompt;
  }

  get #draft() {
    return new Draft(`${this.dataset.user}:${this.#form.elements.session.value || "new"}`);
  }

  #pressed(event) {
    if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) return; // 229: Safari, when composing
    const asked = event.ctrlKey || event.metaKey;
    if (!asked && (event.target !== this.#prompt || event.shiftKey || event.altKey || TOUCH.matches)) return;
    event.preventDefault();
    this.#form.requestSubmit(this.querySelector(".composer__send"));
  }

  /** Only text can be sent. Without this, a dropped file would be opened in the place of the page. */
  #filesCame(event, data) {
    if (!data?.types.includes("Files") || event.target.matches?.("input[type=file]")) return;
    if (event.type === "paste" && data.types.includes("text/plain")) return; // the copied text comes with its picture
    event.preventDefault();
    if (event.type === "dragover") return;
    this.#notSent.say(text("text-only"));
    this.#prompt.focus();
  }

  #sending(event) {
    if (event.target !== this.#form) return;
    this.#sent = { prompt: this.#prompt.value, draft: this.#draft };
    this.#notSent.say("");
  }

  #failed(target) {
    if (target === this.#form) this.#notSent.say(text("not-sent"));
  }

  /** An answer that is no composer (the database is away, a proxy has no server) would take the place of this one. */
  #answered(event) {
    const { ctx } = event.detail;
    const { status } = ctx.response;
    if (ctx.sourceElement !== this.#form) return;
    if (status < 300) document.getElementById(/<article id="(turn-[^"]+)"/.exec(ctx.text)?.[1])?.remove(); // came before
    if (status < 400 || ctx.text.includes('id="composer"')) return;
    event.preventDefault();
    this.#notSent.answered(ctx);
  }

  /** The server took the turn, or sent the composer back with what is wrong. */
  #swapped(ctx) {
    if (ctx.sourceElement !== this.#form || !this.#sent) return;
    const { prompt, draft } = this.#sent;
    this.#sent = null;
    if (ctx.response.status >= 300) return this.#showError();
    draft.clear();
    if (this.#prompt.value === prompt) this.#prompt.value = "";
    else this.#draft.save(this.#form);
    this.#forgetErrors();
    goToEnd(document.querySelector(".workbench__scroll"));
  }

  /** "Edit and resend" filled the composer, or a prompt of the library did. */
  #filled(ctx) {
    if (!this.#form || !ctx.sourceElement.matches?.("[hx-target='#composer']")) return;
    (this.#form.querySelector("[name^='var-'][autofocus]") ?? this.#prompt).focus();
  }

  #example(event) {
    const example = event.target.closest("[data-example]");
    if (!example || event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    this.#prompt.value = example.textContent;
    this.#draft.save(this.#form);
    this.#prompt.focus();
  }

  #showError() {
    const first = [...this.#form.elements].find((field) => field.ariaInvalid === "true");
    const drawer = first?.closest("[popover]");
    if (drawer && getComputedStyle(drawer).display === "none") drawer.showPopover();
    (first ?? this.#prompt).focus();
  }

  #forgetErrors() {
    for (const field of this.#form.elements) field.removeAttribute("aria-invalid");
    for (const error of document.querySelectorAll(".composer .field__error, .settings .field__error")) error.remove();
  }

  #connection({ state, isBack }) {
    if (state === "signed-out") this.#notSent.signedOut("signed-out.kept");
    if (isBack) this.#notSent.forget(); // that the server is away is not so any more
  }

  #health({ problems }) {
    if (problems.length === 0) this.#notSent.forget();
  }

  #typed() {
    this.#draft.save(this.#form);
    this.#notSent.forget();
  }
}

customElements.define("prompt-composer", PromptComposer);
