/**
 * The run's page: pick a word or a chunk and see its event and bytes beside it, and the other way round. Chunks are
 * links, so all but the words of the rendered answer works without this.
 */
import { announce } from "../lib/announce.js";
import { placeAt, showPlaces } from "./rendered-places.js";

const STEPS = { ArrowLeft: -1, ArrowRight: 1 };

function inspector() {
  return document.getElementById("inspector");
}

function view() {
  return document.querySelector(".run__views")?.dataset.view;
}

/** The elements that the rendered answer stands in. */
function answers() {
  return [...document.querySelectorAll("#run [data-text=answer]")];
}

/** Of a long run, a place in the rendered answer is one in the part that the page shows. */
function part() {
  const number = document.querySelector(".run__views [data-part]")?.dataset.part;
  return number ? `&part=${number}` : "";
}

/** Shows what `query` names, and puts its address into the bar. */
async function show(query) {
  const host = inspector();
  const answer = await fetch(`${host.dataset.href}?view=${view()}&${query}${part()}`, { headers: { "HX-Request": "true" } });
  if (!answer.ok) return;
  host.innerHTML = await answer.text();
  host.closest(".run__views").classList.add("run__views--inspecting");
  const chosen = host.querySelector("[data-inspected]");
  const { seq, seconds } = chosen.dataset;
  lead(`&seq=${seq}`, `&t=${seconds}`);
  history.replaceState(history.state, "", `${host.dataset.page}?view=${view()}&seq=${seq}`);
  mark(seq);
  announce(host.querySelector("h2").textContent);
}

/** The other views show the same place. */
function lead(place = "", moment = "") {
  for (const tab of document.querySelectorAll("#run .tabs__tab")) {
    const name = tab.dataset.view;
    tab.href = `${inspector().dataset.page}?view=${name}${place}${name === "timeline" ? moment : ""}`;
    tab.setAttribute("hx-get", tab.href);
  }
}

/** In the view, what is inspected is marked, and scrolled to if it is out of sight. */
function mark(seq) {
  const { from, to } = inspector().querySelector("[data-inspected]")?.dataset ?? {};
  showPlaces(answers(), from, to);
  const panel = document.querySelector(".run__views > .run-view");
  for (const old of panel.querySelectorAll("[data-seq][aria-current]")) {
    old.removeAttribute("aria-current");
    if (old.matches(".token")) old.tabIndex = -1;
  }
  const found = panel.querySelector(`[data-seq="${seq}"]`);
  if (!found) return;
  found.setAttribute("aria-current", "true");
  if (found.matches(".token")) found.tabIndex = 0;
  found.scrollIntoView({ block: "nearest" });
}

function close() {
  const host = inspector();
  host.replaceChildren();
  host.closest(".run__views").classList.remove("run__views--inspecting");
  history.replaceState(history.state, "", `${host.dataset.page}?view=${view()}${part()}`);
  lead(part());
  showPlaces([]);
}

async function copy(link) {
  await navigator.clipboard.writeText(link.href);
  announce(link.dataset.copyLink);
  link.classList.add("button--done");
  setTimeout(() => link.classList.remove("button--done"), 1500);
}

function clicked(event) {
  if (event.ctrlKey || event.metaKey || event.shiftKey || !event.target.closest("#run")) return;
  const link = event.target.closest("a, button, summary");
  if (link?.matches("[data-copy-link]")) return event.preventDefault(), copy(link);
  if (link?.matches("[data-close-inspector]")) return event.preventDefault(), close();
  if (link?.matches("[data-seq]")) return event.preventDefault(), show(`seq=${link.dataset.seq}`);
  const drawing = event.target.closest(".timeline__figure svg");
  if (drawing) return seek(event, drawing.closest("figure"), drawing);
  const answer = event.target.closest("[data-text=answer]");
  if (link || !answer || !getSelection().isCollapsed) return;
  const place = placeAt(answers(), event.clientX, event.clientY);
  if (place !== null) show(`at=${place}`);
}

/** A click on the timeline goes to that moment. */
function seek(event, figure, drawing) {
  const box = drawing.getBoundingClientRect();
  const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  const { timelineStart, timelineEnd } = figure.dataset;
  const [start, end] = [Number(timelineStart), Number(timelineEnd)];
  const seconds = ((start + share * (end - start)) / 1e6).toFixed(3);
  const address = `${figure.dataset.timelineHref}${seconds}`;
  window.htmx.ajax("GET", address, { target: "#run", swap: "outerMorph" });
  history.replaceState(history.state, "", address);
}

function pressed(event) {
  const token = event.target.closest?.(".run__views .token");
  if (!token || !(event.key in STEPS) || event.altKey || event.ctrlKey || event.metaKey) return;
  const all = [...document.querySelectorAll(".run__views .tokens__list .token")];
  const next = all[all.indexOf(token) + STEPS[event.key]];
  if (!next) return;
  event.preventDefault();
  token.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

/** One token is reached by Tab, even before any was chosen. */
function ready() {
  const list = document.querySelector(".run__views .tokens__list");
  if (list && !list.querySelector('.token[tabindex="0"]')) list.querySelector("a.token")?.setAttribute("tabindex", "0");
  const seq = document.querySelector("#inspector [data-inspected]")?.dataset.seq;
  if (seq) mark(seq);
}

document.addEventListener("click", clicked);
document.addEventListener("keydown", pressed);
document.addEventListener("htmx:after:swap", ready);
ready();
