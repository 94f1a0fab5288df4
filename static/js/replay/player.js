/**
 * Plays recorded runs again, all of them on one clock. It knows no page, no network and no view: whoever has the events
 * (fetched, inline or from a socket) hands them over, listens, and draws `lane.record` with the views of a live lane.
 *
 *   const player = new Player();
 *   player.load([{ id, model, status, events: [[t, kind, data], …] }, …]);   // events from seq 0 on, as in a frame
 *   player.append(id, events, status);    // more events of a run that is still arriving
 *   player.play(); player.pause(); player.toggle();
 *   player.seek(us); player.step(1 | -1); // step: to the next chunk of any lane, or the one before
 *   player.rate = 2; player.skipWaits = true;
 *   player.t, player.end, player.isPlaying, player.waits, player.lanes
 *   lane.id, lane.model, lane.status, lane.events, lane.end
 *   lane.index                            // how many events have happened by now
 *   lane.record                           // a `lib/record.js` that holds exactly these
 *   lane.version                          // grows when the record began anew: views of it must begin anew too
 *
 * Events, after the records are current:
 *   "load"    runs or events came: what is drawn from the whole recording is out of date
 *   "time"    the playhead moved; detail.isJump tells a seek from playing on
 *   "change"  isPlaying, rate or skipWaits changed
 *   "end"     playing has reached the end (a "change" follows)
 * All times are in µs since the runs began. While it plays, an event happens in the first animation frame after its time.
 */
import { ReplayLane } from "./lane.js";
import { longWaits, Pace } from "./pace.js";
import { chunkTimes, countUntil } from "./times.js";

export const RATES = [0.25, 0.5, 1, 2, 4, 8];

export class Player extends EventTarget {
  lanes = [];
  t = 0;
  end = 0;
  waits = []; // {start, end}: longer than 2 s in all lanes
  isPlaying = false;
  #rate = 1;
  #skipWaits = false;
  #pace = new Pace([]);
  #moments = []; // when chunks came, in any lane
  #anchor = { wall: 0, played: 0 };
  #frame = 0;

  load(runs) {
    this.pause();
    this.lanes = runs.map((run) => new ReplayLane(run));
    this.#measure();
    this.seek(0);
  }

  append(id, events, status) {
    const lane = this.lanes.find((each) => each.id === id);
    lane.append(events, status);
    this.#measure();
    lane.moveTo(this.t);
    this.#anchorHere();
    this.#tell("time", { isJump: false });
  }

  play() {
    if (this.isPlaying || this.end === 0) return;
    if (this.t >= this.end) this.seek(0);
    this.isPlaying = true;
    this.#anchorHere();
    this.#frame = requestAnimationFrame(this.#tick);
    this.#tell("change");
  }

  pause() {
    if (!this.isPlaying) return;
    this.isPlaying = false;
    cancelAnimationFrame(this.#frame);
    this.#tell("change");
  }

  toggle() {
    if (this.isPlaying) this.pause();
    else this.play();
  }

  seek(us) {
    this.#moveTo(Math.min(Math.max(0, us), this.end), true);
    this.#anchorHere();
  }

  step(direction) {
    this.pause();
    const next = countUntil(this.#moments, this.t);
    if (direction > 0) return this.seek(this.#moments[next] ?? this.end);
    const at = this.#moments[next - 1] === this.t ? next - 2 : next - 1;
    this.seek(this.#moments[at] ?? 0);
  }

  get rate() {
    return this.#rate;
  }

  set rate(rate) {
    this.#rate = rate;
    this.#anchorHere();
    this.#tell("change");
  }

  get skipWaits() {
    return this.#skipWaits;
  }

  set skipWaits(isOn) {
    this.#skipWaits = isOn;
    this.#pace = new Pace(isOn ? this.waits : []);
    this.#anchorHere();
    this.#tell("change");
  }

  #tick = () => {
    const { wall, played } = this.#anchor;
    const t = this.#pace.toRecorded(played + (performance.now() - wall) * 1000 * this.#rate);
    this.#moveTo(Math.min(t, this.end), false);
    if (!this.isPlaying) return; // a listener paused it
    if (this.t < this.end) this.#frame = requestAnimationFrame(this.#tick);
    else this.#finish();
  };

  #finish() {
    this.isPlaying = false;
    this.#tell("end");
    this.#tell("change");
  }

  #moveTo(t, isJump) {
    this.t = t;
    for (const lane of this.lanes) lane.moveTo(t);
    this.#tell("time", { isJump });
  }

  #anchorHere() {
    this.#anchor = { wall: performance.now(), played: this.#pace.toPlayed(this.t) };
  }

  #measure() {
    this.end = Math.max(0, ...this.lanes.map((lane) => lane.end));
    this.#moments = chunkTimes(this.lanes);
    this.waits = longWaits(this.lanes);
    this.#pace = new Pace(this.#skipWaits ? this.waits : []);
    this.#tell("load");
  }

  #tell(name, detail = null) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
