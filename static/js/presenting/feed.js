/**
 * Feeds a record with the events of a run: as they come, or, of a recording, when their time has come on the clock that
 * all screens share. A screen that joins late, or was asleep, catches up at once.
 */
import { serverNow } from "./server-clock.js";

export class Feed {
  #record;
  #changed;
  #startedAt;
  #waiting = [];
  #end = null; // the status that the server named, once it has sent everything
  #frame = 0;

  /** `startedAt` in ms of the server's clock: when the recording began to play; null for a live run. */
  constructor(record, startedAt, changed) {
    this.#record = record;
    this.#startedAt = startedAt;
    this.#changed = changed;
  }

  push(events) {
    for (const event of events) this.#waiting.push(event);
    this.#play();
  }

  end(status) {
    this.#end = status;
    this.#play();
  }

  reset() {
    this.#waiting = [];
    this.#record.clear();
  }

  stop() {
    cancelAnimationFrame(this.#frame);
    this.#waiting = [];
    this.#end = null;
  }

  #play = () => {
    cancelAnimationFrame(this.#frame);
    const due = this.#due();
    if (due > 0) this.#record.apply(this.#waiting.splice(0, due));
    if (this.#waiting.length > 0) this.#frame = requestAnimationFrame(this.#play);
    else if (this.#end !== null && this.#record.phase !== "ended") this.#record.end(this.#end);
    if (due > 0 || this.#record.phase === "ended") this.#changed();
  };

  #due() {
    if (this.#startedAt === null) return this.#waiting.length;
    const t = (serverNow() - this.#startedAt) * 1000;
    const later = this.#waiting.findIndex((event) => event[0] > t);
    return later < 0 ? this.#waiting.length : later;
  }
}
