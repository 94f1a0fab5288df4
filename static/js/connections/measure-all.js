// “Measure all”: sends the form of each row, one after the other, so that each row shows its result when it has one.

const form = document.querySelector("[data-measure-all]");

/**
 * Resolves when the row's request is over, whatever came of it: an answer has taken the row's place, or its button,
 * which is disabled meanwhile, can be pressed again.
 */
function measured(row) {
  return new Promise((resolve) => {
    const button = row.querySelector("button");
    let isAsking = false;
    const observer = new MutationObserver(() => {
      if (row.isConnected && (button.disabled || !isAsking)) {
        isAsking ||= button.disabled;
        return;
      }
      observer.disconnect();
      resolve();
    });
    observer.observe(row.closest("tbody"), { childList: true, subtree: true, attributeFilter: ["disabled"] });
    row.requestSubmit();
  });
}

async function measureAll(button, progress) {
  const ids = [...document.querySelectorAll(".capabilities__measure")]
    .filter((row) => !row.querySelector("button").disabled)
    .map((row) => row.closest("tr").id);
  const say = (done) => {
    progress.textContent = progress.dataset.words.replace("{done}", done).replace("{all}", ids.length);
  };
  button.disabled = true;
  say(0);
  for (const [index, id] of ids.entries()) {
    const row = document.getElementById(id)?.querySelector(".capabilities__measure");
    if (row) {
      await measured(row);
    }
    say(index + 1);
  }
  button.disabled = false;
}

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  measureAll(form.querySelector("button"), form.querySelector("[data-progress]"));
});
