/** `<details class="menu">` closes when the attention goes elsewhere; drawers close when the window gets wide. */
const WIDE = window.matchMedia("(width > 70rem)");

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu !== except) menu.open = false;
  }
}

document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = event.target.closest?.("details.menu[open]");
  closeMenus(null);
  menu?.querySelector("summary").focus();
});

WIDE.addEventListener("change", () => {
  for (const drawer of document.querySelectorAll("[popover]:not([popover=manual]):popover-open")) drawer.hidePopover();
});
