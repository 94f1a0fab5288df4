/** The list's boxes: how many are ticked, and a range with Shift. Without this, they are boxes of a form. */
const BOX = ".history__check";
let last = null;

function boxes() {
  return [...document.querySelectorAll(BOX)];
}

function count() {
  const place = document.querySelector("[data-bulk-count]");
  if (!place) return;
  const n = boxes().filter((box) => box.checked).length;
  place.textContent = n > 0 ? place.dataset.one.replace("{n}", n) : "";
}

function choose(event) {
  const box = event.target.closest(BOX);
  if (!box) return;
  const all = boxes();
  if (event.shiftKey && last?.isConnected) {
    const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
    for (const other of all.slice(from, to + 1)) other.checked = box.checked;
  }
  last = box;
}

document.addEventListener("click", choose);
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-bulk-all]")) for (const box of boxes()) box.checked = event.target.checked;
  count();
});
document.addEventListener("reset", () => setTimeout(count));
document.addEventListener("htmx:after:swap", count);
