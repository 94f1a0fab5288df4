/**
 * The page's one WebSocket, `/ws/v1`. It follows runs from the last event held: after a reconnect each run is
 * subscribed again from there, so nothing is lost and nothing is shown twice; and it is in rooms (see `rooms.js`).
 *
 * A follower has `subscribed(status)`, `reset()` (forget everything), `events(first, events)`, `ended(status)`,
 * `refused(code, message)` and `connection(state)`: see `connection.js` for the states.
 */
import { AskAgain } from "./ask-again.js";
import { Connection } from "./connection.js";
import { Subscription } from "./subscription.js";

const ACK_AFTER = 64 * 1024; // UTF-16 units, at most 192 KiB of UTF-8: the server wants to hear within 256 KiB

export class RunSocket {
  #connection;
  #subscriptions = new Map();
  #rooms = new Map();
  #unacknowledged = 0;
  #knowsHealth = false;
  #again = new AskAgain();

  constructor(url) {
    this.#connection = new Connection(url, this);
  }

  /** Follow a run from its first event, in a view of it if one is named; returns the function that stops following. */
  follow(run, follower, view) {
    const subscription = new Subscription(run, follower, (message) => this.#connection.send(message), view);
    this.#subscriptions.set(run, subscription);
    if (this.#connection.isOpen) subscription.subscribe();
    else this.#connection.open();
    follower.connection(this.#connection.state);
    return () => {
      if (this.#subscriptions.get(run) !== subscription) return;
      this.#subscriptions.delete(run);
      this.#connection.send({ op: "unsubscribe", run });
    };
  }

  /** Be in a room; `heard` is called with each message about it. Returns the function that leaves. */
  enter(room, heard) {
    this.#rooms.set(room, heard);
    if (this.#connection.isOpen) this.#connection.send({ op: "join", room });
    else if (!this.#connection.isRefused) this.#connection.open(); // a new run tries: its begin was accepted
    return () => {
      if (this.#rooms.get(room) !== heard) return;
      this.#rooms.delete(room);
      this.#connection.send({ op: "leave", room });
    };
  }

  /** Somebody does not want to wait for the next try. */
  tryNow() {
    this.#connection.hurry();
  }

  isNeeded() {
    return this.#subscriptions.size + this.#rooms.size > 0;
  }

  opened() {
    this.#unacknowledged = 0;
    this.#knowsHealth = false;
    this.#again.forget();
    for (const subscription of this.#subscriptions.values()) subscription.subscribe();
    for (const room of this.#rooms.keys()) this.#connection.send({ op: "join", room });
  }

  received(text) {
    const message = JSON.parse(text);
    this.#hearHealth(message);
    if (message.op === "error" && message.code === "busy") return this.#askLater(message);
    if (message.room !== undefined) return this.#heard(message);
    const subscription = this.#subscriptions.get(message.run);
    if (!subscription) return;
    if (subscription.receive(message)) this.#subscriptions.delete(message.run);
    this.#unacknowledged += text.length;
    if (this.#unacknowledged < ACK_AFTER) return;
    this.#unacknowledged = 0;
    for (const each of this.#subscriptions.values()) each.acknowledge();
  }

  changed(state) {
    for (const subscription of this.#subscriptions.values()) subscription.follower.connection(state);
  }

  /** A server with problems says so first to each new socket, and whenever they change. */
  #hearHealth({ op, problems = [] }) {
    if (this.#knowsHealth && op !== "health") return;
    this.#knowsHealth = true;
    document.dispatchEvent(new CustomEvent("playground:health", { detail: { problems } }));
    if (problems.length === 0) this.#again.hurry();
  }

  /** Not for good: its database is away. */
  #askLater({ run, room }) {
    if (room !== undefined) {
      this.#again.later(room, () => this.#rooms.has(room) && this.#connection.send({ op: "join", room }));
    } else {
      this.#again.later(run, () => this.#subscriptions.get(run)?.subscribe());
    }
  }

  #heard(message) {
    const heard = this.#rooms.get(message.room);
    if (message.op === "error") this.#rooms.delete(message.room); // it is not open to this page, or not any more
    heard?.(message);
  }
}

const address = new URL("/ws/v1", location.href);
address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
const { share } = document.body.dataset; // on a page that is read by a link, without an account
if (share) address.searchParams.set("share", share);

export const socket = new RunSocket(address);
