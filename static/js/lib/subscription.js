/** One run on the socket: the place in its log, and what to do with each message about it. */
export class Subscription {
  #send;
  #after = -1;
  #epoch = null;
  #asked = false; // frames count only once the server has said where they start
  #acknowledged = -1;

  constructor(run, follower, send, view) {
    this.run = run;
    this.view = view;
    this.follower = follower;
    this.#send = send;
  }

  subscribe() {
    this.#asked = true;
    const message = { op: "subscribe", run: this.run, after: this.#after, view: this.view };
    if (this.#epoch !== null) message.epoch = this.#epoch;
    this.#send(message);
  }

  acknowledge() {
    if (this.#after <= this.#acknowledged) return;
    this.#acknowledged = this.#after;
    this.#send({ op: "ack", run: this.run, seq: this.#after });
  }

  /** Returns whether nothing more will come. */
  receive(message) {
    if (message.op === "subscribed") this.#subscribed(message);
    else if (message.op === "frame") this.#frame(message);
    else if (message.op === "ended") return this.#ended(message);
    else if (message.op === "error") return this.#error(message);
    return false;
  }

  #subscribed(message) {
    this.#asked = false;
    this.#epoch = message.epoch;
    if (!message.recovered && this.#after >= 0) {
      this.#after = -1;
      this.follower.reset();
    }
    this.#acknowledged = this.#after;
    this.follower.subscribed(message.status);
  }

  #frame(message) {
    if (this.#asked || message.epoch !== this.#epoch) return;
    const known = this.#after + 1 - message.seq;
    if (known < 0) return this.#again(); // a hole: ask for it
    if (known >= message.events.length) return;
    const events = known > 0 ? message.events.slice(known) : message.events;
    const first = this.#after + 1;
    this.#after += events.length;
    this.follower.events(first, events);
  }

  #ended(message) {
    if (this.#asked) return false;
    if (message.seq > this.#after) {
      this.#again();
      return false;
    }
    this.follower.ended(message.status);
    return true;
  }

  #error(message) {
    if (message.code === "too_slow") return false; // the close that follows leads to a new subscription
    this.follower.refused(message.code, message.message);
    return true;
  }

  #again() {
    this.#send({ op: "unsubscribe", run: this.run });
    this.subscribe();
  }
}
