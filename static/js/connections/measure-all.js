// “Measure all”: sends the form of each row, one after the other, so that each row shows its result when it has one.

const form = document.querySelector("[data-measure-all]");

/** Resolves when htmx is through with the row's request, whatever came of it. The form itself may be replaced by then. */
function measured(row) {
  return new Promise((resolve) => {
    const listening = new AbortController();
    const end = (event) => {
      if (event.detail.ctx.sourceElement === row) {
        listening.abort();
        resolve();
      }
    };
    document.addEventListener("htmx:finally:request", end, { signal: listening.signal });
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
