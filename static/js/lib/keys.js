/** Keys that work on every page, outside of fields. `?` shows them: the page's own `[data-keys]` dialog, if it has one. */
const FIELDS = "input, textarea, select, [contenteditable], dialog";

const KEYS = {
  "?": () => show(document.querySelector("dialog[data-keys]") ?? document.getElementById("keys")),
  "/": () => focus("main input[type=search], .sidebar__search input"),
  n: () => follow(".sidebar__new"),
  p: () => focus(".composer__prompt"),
};

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest?.(FIELDS) || document.querySelector("dialog[open]")) return;
  const action = KEYS[event.key];
  if (action?.()) event.preventDefault();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-show-keys]")) KEYS["?"]();
});

function show(dialog) {
  dialog?.showModal();
  return Boolean(dialog);
}

/** A field in a drawer that is closed on a narrow screen opens it. */
function focus(selector) {
  const field = document.querySelector(selector);
  const drawer = field?.closest("[popover]");
  if (drawer && getComputedStyle(drawer).display === "none") drawer.showPopover();
  field?.focus();
  return Boolean(field);
}

function follow(selector) {
  const link = document.querySelector(selector);
  link?.click();
  return Boolean(link);
}
