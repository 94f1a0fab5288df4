// “Measure all”: sends the form of each row, one after the other, so that each row shows its result when it has one.

const form = document.querySelector("[data-measure-all]");

/** Resolves when the row's request is answered or has failed; the answer then takes the row's place. */
function measured(row) {
  return new Promise((resolve) => {
    const listening = new AbortController();
    const end = (event) => {
      if (event.detail.ctx?.sourceElement === row) {
        listening.abort();
        resolve();
      }
    };
    document.addEventListener("htmx:after:request", end, { signal: listening.signal });
    document.addEventListener("htmx:error", end, { signal: listening.signal });
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
