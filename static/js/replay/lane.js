/** One run of a replay: its whole recording, and a record that holds what has happened by the playhead. */
import { Record } from "../lib/record.js";
import { countUntil } from "./times.js";

const timeOf = (event) => event[0];

/** A record whose clock is the playhead. */
class ReplayRecord extends Record {
  at = 0;

  now() {
    return this.phase === "ended" ? this.lastT : Math.max(this.lastT, this.at);
  }
}

export class ReplayLane {
  record = new ReplayRecord();
  index = 0; // events that have happened
  version = 0;

  constructor({ id, model, status, events }) {
    this.id = id;
    this.model = model;
    this.status = status;
    this.events = [...events];
  }

  get end() {
    return this.events.at(-1)?.[0] ?? 0;
  }

  append(events, status = this.status) {
    this.events = this.events.concat(events);
    this.status = status;
  }

  moveTo(t) {
    if (this.index > 0 && this.events[this.index - 1][0] > t) this.#begin();
    this.record.at = t;
    const to = countUntil(this.events, t, timeOf, this.index);
    if (to > this.index) this.#feed(to);
    const isOver = to === this.events.length && !["queued", "streaming"].includes(this.status);
    if (isOver && this.record.phase !== "ended") this.record.end(this.status);
  }

  #begin() {
    this.record.clear();
    this.index = 0;
    this.version += 1;
  }

  /** A retry never merges into the text of the attempt before it. */
  #feed(to) {
    let from = this.index;
    for (let i = from; i < to; i += 1) {
      if (this.events[i][1] !== "attempt.started") continue;
      this.record.apply(this.events.slice(from, i));
      from = i;
      if (this.record.chunks.length === 0) continue;
      this.record.chunks = [];
      this.version += 1;
    }
    this.record.apply(this.events.slice(from, to));
    this.index = to;
  }
}
