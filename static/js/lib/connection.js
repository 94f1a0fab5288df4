/**
 * A WebSocket that comes back: after a lost connection it connects again, with exponential backoff, and it finds out
 * by itself when its peer is gone.
 *
 * Its user has `isNeeded()`, `opened()`, `received(text)` and `changed(state)`, with one of "connecting", "open" (the
 * server has said something), "waiting" (for the next try, or for its outcome), "idle" (nobody needs it),
 * "signed-out", "forbidden". The page hears of it by `playground:connection` `{state, isBack, tries, nextTry}`: the
 * time of the next try, as `Date.now()` has it, or null while one is under way.
 */
import { delayBefore } from "./backoff.js";
import { onWake } from "./wake.js";

const SILENCE_MS = 25_000; // then ask whether anyone is there
const PONG_WITHIN_MS = 8_000;
const PONG_SOON_MS = 3_000; // where there is a reason to doubt it
const FINAL_CLOSES = new Map([
  [4401, "signed-out"],
  [4403, "forbidden"],
]);

export class Connection {
  state = "connecting";
  #url;
  #user;
  #socket = null;
  #failures = 0; // since anything was received
  #nextTry = null;
  #retryTimer = 0;
  #silenceTimer = 0;
  #isAway = false; // the page is kept by the browser for "back"

  constructor(url, user) {
    this.#url = url;
    this.#user = user;
    window.addEventListener("pageshow", () => (this.#isAway = false));
    onWake((isNewNetwork) => this.hurry(isNewNetwork));
    window.addEventListener("offline", () => this.isOpen && this.#ask(PONG_SOON_MS));
    window.addEventListener("pagehide", () => this.#goAway());
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** The server has said that it is no use to try again by itself. */
  get isRefused() {
    return [...FINAL_CLOSES.values()].includes(this.state);
  }

  /** Connect, unless that is done or due. */
  open() {
    if (this.#socket === null && !this.#retryTimer) this.#connect();
  }

  /** What is sent while there is no connection is lost: `opened` is when to say it again. */
  send(message) {
    if (this.isOpen) this.#socket.send(JSON.stringify(message));
  }

  /** Try at once, or find out soon whether an open socket is dead. A try from before `isNewNetwork` may hang. */
  hurry(isNewNetwork = true) {
    if (!this.#user.isNeeded() || this.isRefused) return;
    if (this.isOpen) return this.#ask(PONG_SOON_MS);
    if (this.#socket !== null && isNewNetwork) this.#leave();
    if (this.#socket === null) this.#connect();
  }

  #connect() {
    this.#clearTimers();
    if (this.#isAway) return;
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.addEventListener("open", () => socket === this.#socket && this.#opened());
    socket.addEventListener("message", (event) => socket === this.#socket && this.#received(event.data));
    socket.addEventListener("close", (event) => socket === this.#socket && this.#closed(event.code));
    this.#watchForSilence(PONG_WITHIN_MS);
    if (this.state === "waiting") this.#change("waiting");
  }

  #opened() {
    this.#watchForSilence(PONG_WITHIN_MS); // what the user says now has an answer
    this.#user.opened();
  }

  #received(text) {
    this.#failures = 0;
    this.#watchForSilence(SILENCE_MS);
    if (this.state !== "open") this.#change("open");
    this.#user.received(text);
  }

  #closed(code) {
    this.#socket = null;
    this.#clearTimers();
    if (FINAL_CLOSES.has(code)) return this.#change(FINAL_CLOSES.get(code));
    if (!this.#user.isNeeded()) return this.#change("idle");
    this.#failures += 1;
    const delay = delayBefore(this.#failures, code);
    this.#nextTry = Date.now() + delay;
    this.#retryTimer = setTimeout(() => this.#connect(), delay);
    this.#change("waiting");
  }

  #watchForSilence(delay) {
    clearTimeout(this.#silenceTimer);
    this.#silenceTimer = setTimeout(() => (this.isOpen ? this.#ask() : this.#giveUp()), delay);
  }

  #ask(within = PONG_WITHIN_MS) {
    clearTimeout(this.#silenceTimer);
    if (!this.#user.isNeeded()) return this.#rest();
    this.send({ op: "ping" });
    this.#silenceTimer = setTimeout(() => this.#giveUp(), within);
  }

  /** A socket whose peer is gone may take minutes to say so: leave it and open another. */
  #giveUp() {
    this.#leave();
    this.#closed(1006);
  }

  #rest() {
    this.#clearTimers();
    this.#leave();
  }

  /** With an open socket the browser could not keep the page. */
  #goAway() {
    this.#isAway = true;
    this.#rest();
  }

  #leave() {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #clearTimers() {
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#silenceTimer);
    this.#retryTimer = 0;
    this.#nextTry = null;
  }

  #change(state) {
    const isBack = state === "open" && this.state === "waiting";
    this.state = state;
    const detail = { state, isBack, tries: this.#failures, nextTry: this.#nextTry };
    document.dispatchEvent(new CustomEvent("playground:connection", { detail }));
    this.#user.changed(state);
  }
}
