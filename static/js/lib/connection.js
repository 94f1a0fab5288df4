/**
 * A WebSocket that comes back: after a lost connection it connects again, with exponential backoff, and it finds out
 * by itself when its peer is gone.
 *
 * Its user has `isNeeded()`, `opened()`, `received(text)` and `changed(state)`, with one of "connecting", "open",
 * "waiting" (for the next try), "signed-out", "forbidden".
 */
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;
const SILENCE_MS = 25_000; // then ask whether anyone is there
const PONG_WITHIN_MS = 8_000;
const PONG_SOON_MS = 2_000; // once the browser says that there is no network
const FINAL_CLOSES = new Map([
  [4401, "signed-out"],
  [4403, "forbidden"],
]);
const PROMPT_CLOSES = new Set([4408, 4412]); // too slow: resume; the server restarts: it is back soon

export class Connection {
  state = "connecting";
  #url;
  #user;
  #socket = null;
  #failures = 0;
  #retryTimer = 0;
  #silenceTimer = 0;

  constructor(url, user) {
    this.#url = url;
    this.#user = user;
    window.addEventListener("online", () => this.#hurry());
    window.addEventListener("offline", () => this.isOpen && this.#ask(PONG_SOON_MS));
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#hurry());
  }

  get isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Connect, unless that is done or due. */
  open() {
    if (this.#socket === null && !this.#retryTimer) this.#connect();
  }

  /** What is sent while there is no connection is lost: `opened` is when to say it again. */
  send(message) {
    if (this.isOpen) this.#socket.send(JSON.stringify(message));
  }

  #connect() {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = 0;
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.addEventListener("open", () => this.#opened());
    socket.addEventListener("message", (event) => socket === this.#socket && this.#received(event.data));
    socket.addEventListener("close", (event) => socket === this.#socket && this.#closed(event.code));
    this.#watchForSilence(PONG_WITHIN_MS);
  }

  #opened() {
    this.#change("open");
    this.#watchForSilence(SILENCE_MS);
    this.#user.opened();
  }

  #received(text) {
    this.#failures = 0;
    this.#watchForSilence(SILENCE_MS);
    this.#user.received(text);
  }

  #closed(code) {
    this.#socket = null;
    clearTimeout(this.#silenceTimer);
    if (FINAL_CLOSES.has(code)) return this.#change(FINAL_CLOSES.get(code));
    this.#change("waiting");
    if (this.#user.isNeeded()) this.#retryTimer = setTimeout(() => this.#connect(), this.#delay(code));
  }

  /** Exponential backoff with full jitter; short after a close that asks to come back. */
  #delay(code) {
    this.#failures += 1;
    if (PROMPT_CLOSES.has(code) && this.#failures === 1) return Math.random() * FIRST_DELAY_MS;
    return Math.random() * Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (this.#failures - 1));
  }

  /** The network is back, or someone looks: try at once, and find out soon whether an open socket is dead. */
  #hurry() {
    if (this.#retryTimer) return this.#connect();
    if (this.isOpen && this.#user.isNeeded()) this.#ask();
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
    const socket = this.#socket;
    if (socket === null) return;
    this.#closed(1006);
    socket.close();
  }

  #rest() {
    this.#socket.close();
    this.#socket = null;
  }

  #change(state) {
    const detail = { state, isBack: state === "open" && this.state === "waiting" };
    this.state = state;
    document.dispatchEvent(new CustomEvent("playground:connection", { detail }));
    this.#user.changed(state);
  }
}
