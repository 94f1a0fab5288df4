/**
 * The page's one WebSocket, `/ws/v1`. It follows runs from the last event held: after a reconnect each run is
 * subscribed again from there, so nothing is lost and nothing is shown twice.
 *
 * A follower has `subscribed(status)`, `reset()` (forget everything), `events(first, events)`, `ended(status)`,
 * `refused(code, message)` and `connection(state)`, with one of "connecting", "open", "waiting" (for the next try),
 * "signed-out", "forbidden".
 */
import { Subscription } from "./subscription.js";

const ACK_AFTER = 64 * 1024; // UTF-16 units, at most 192 KiB of UTF-8: the server wants to hear within 256 KiB
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;
const SILENCE_MS = 25_000; // then ask whether anyone is there
const PONG_WITHIN_MS = 8_000;
const FINAL_CLOSES = new Map([
  [4401, "signed-out"],
  [4403, "forbidden"],
]);
const PROMPT_CLOSES = new Set([4408, 4412]); // too slow: resume; the server restarts: it is back soon

export class RunSocket {
  #url;
  #socket = null;
  #subscriptions = new Map();
  #state = "connecting";
  #failures = 0;
  #unacknowledged = 0;
  #retryTimer = 0;
  #silenceTimer = 0;

  constructor(url) {
    this.#url = url;
    window.addEventListener("online", () => this.#hurry());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.#hurry());
  }

  /** Follow a run from its first event; returns the function that stops following. */
  follow(run, follower) {
    const subscription = new Subscription(run, follower, (message) => this.#send(message));
    this.#subscriptions.set(run, subscription);
    if (this.#socket === null && !this.#retryTimer) this.#connect();
    else if (this.#isOpen()) subscription.subscribe();
    follower.connection(this.#state);
    return () => {
      if (this.#subscriptions.get(run) !== subscription) return;
      this.#subscriptions.delete(run);
      this.#send({ op: "unsubscribe", run });
    };
  }

  #connect() {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = 0;
    this.#unacknowledged = 0;
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.addEventListener("open", () => this.#opened());
    socket.addEventListener("message", (event) => socket === this.#socket && this.#received(event.data));
    socket.addEventListener("close", (event) => socket === this.#socket && this.#closed(event.code));
    this.#watchForSilence(PONG_WITHIN_MS);
  }

  #opened() {
    this.#announce("open");
    this.#watchForSilence(SILENCE_MS);
    for (const subscription of this.#subscriptions.values()) subscription.subscribe();
  }

  #received(text) {
    this.#failures = 0;
    this.#watchForSilence(SILENCE_MS);
    const message = JSON.parse(text);
    const subscription = this.#subscriptions.get(message.run);
    if (!subscription) return;
    if (subscription.receive(message)) this.#subscriptions.delete(message.run);
    this.#unacknowledged += text.length;
    if (this.#unacknowledged >= ACK_AFTER) {
      this.#unacknowledged = 0;
      for (const each of this.#subscriptions.values()) each.acknowledge();
    }
  }

  #closed(code) {
    this.#socket = null;
    clearTimeout(this.#silenceTimer);
    if (FINAL_CLOSES.has(code)) return this.#announce(FINAL_CLOSES.get(code));
    this.#announce("waiting");
    if (this.#subscriptions.size === 0) return; // the next follow() connects
    this.#retryTimer = setTimeout(() => this.#connect(), this.#delay(code));
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
    if (this.#isOpen() && this.#subscriptions.size > 0) this.#ask();
  }

  #watchForSilence(delay) {
    clearTimeout(this.#silenceTimer);
    this.#silenceTimer = setTimeout(() => (this.#isOpen() ? this.#ask() : this.#giveUp()), delay);
  }

  #ask() {
    clearTimeout(this.#silenceTimer);
    if (this.#subscriptions.size === 0) return this.#rest();
    this.#send({ op: "ping" });
    this.#silenceTimer = setTimeout(() => this.#giveUp(), PONG_WITHIN_MS);
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

  #announce(state) {
    const detail = { state, isBack: state === "open" && this.#state === "waiting" };
    this.#state = state;
    document.dispatchEvent(new CustomEvent("playground:connection", { detail }));
    for (const subscription of this.#subscriptions.values()) subscription.follower.connection(state);
  }

  #isOpen() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  #send(message) {
    if (this.#isOpen()) this.#socket.send(JSON.stringify(message));
  }
}

const address = new URL("/ws/v1", location.href);
address.protocol = location.protocol === "https:" ? "wss:" : "ws:";

export const socket = new RunSocket(address);
