/** The buttons beside selected text of a prompt or an answer: comment on it, hide it from links. */
import { openReview } from "../elements/review-panel.js";
import { selectedText } from "./shown-text.js";

const LONGEST = 1500; // of a quote that goes into an address; a longer one becomes a comment on the whole run
const SETTLED_MS = 150;
let selected = null;
let timer = 0;

const toolbar = () => document.getElementById("review-selection");

function hide() {
  selected = null;
  const bar = toolbar();
  if (bar?.matches(":popover-open")) bar.hidePopover();
}

function show() {
  const bar = toolbar();
  if (!bar) return;
  if (bar.contains(document.activeElement)) return; // its buttons are being used
  selected = selectedText();
  if (!selected) return hide();
  const form = bar.querySelector("form");
  form.hidden = !document.querySelector("[data-may-redact]");
  for (const name of ["part", "run", "turn", "quote", "near"]) form.elements[name].value = selected[name];
  if (!bar.matches(":popover-open")) bar.showPopover();
  place(bar, selected.range.getBoundingClientRect());
}

function place(bar, box) {
  const above = box.top - bar.offsetHeight - 8;
  bar.style.top = `${above > 8 ? above : Math.min(box.bottom + 8, window.innerHeight - bar.offsetHeight - 8)}px`;
  bar.style.left = `${Math.max(8, Math.min(box.left, window.innerWidth - bar.offsetWidth - 8))}px`;
}

function comment() {
  const { part, run, turn, quote, near } = selected;
  const query = new URLSearchParams(run ? { run } : { turn });
  if (part === "answer" && quote.length <= LONGEST) {
    query.set("anchor", "text");
    query.set("quote", quote);
    query.set("near", near);
  }
  hide();
  document.getSelection().removeAllRanges();
  openReview(`${query}`);
}

document.addEventListener("selectionchange", () => {
  clearTimeout(timer);
  timer = setTimeout(show, SETTLED_MS);
});

document.addEventListener("click", (event) => {
  if (selected && event.target.closest("#review-selection [data-comment]")) comment();
});

document.addEventListener("pointerdown", (event) => {
  // a press on the buttons keeps the selection
  if (event.target.closest?.("#review-selection")) event.preventDefault();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && selected) hide();
  const plain = event.key === "c" && !event.ctrlKey && !event.metaKey && !event.altKey && !event.isComposing;
  if (!plain || event.target.closest?.("input, textarea, select, [contenteditable], dialog")) return;
  if (selected) comment();
  else if (!openReview("")) return;
  event.preventDefault();
});

document.addEventListener("scroll", hide, { capture: true, passive: true });

document.addEventListener("htmx:after:request", (event) => {
  if (!event.target.closest?.("#review-selection")) return;
  hide();
  document.getSelection().removeAllRanges();
});
