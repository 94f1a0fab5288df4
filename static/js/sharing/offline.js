/** The file that replays a session without a server: one turn at a time in the player, chosen by `#turn-2`. */
import "../elements/theme-toggle.js";
import "../replay/replay-player.js";

const { turns } = JSON.parse(document.getElementById("recording").textContent);
const stage = document.getElementById("stage");

function show() {
  const asked = Number(location.hash.replace("#turn-", "")) || 1;
  const number = Math.min(turns.length, Math.max(1, asked));
  const template = document.getElementById(`player-${number}`);
  if (!template) return;
  stage.replaceChildren(template.content.cloneNode(true));
  stage.querySelector("replay-player").start(turns[number - 1].runs);
  for (const link of document.querySelectorAll(".offline__turns a")) {
    if (link.hash === `#turn-${number}`) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

addEventListener("hashchange", show);
show();
