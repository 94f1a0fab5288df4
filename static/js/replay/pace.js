/** Long waits, and how replay hurries through them: recorded time against the time that playing takes. In µs. */
export const LONG_WAIT_US = 2_000_000;
const PLAYED_US = 500_000; // what a long wait takes at rate 1

/** Where nothing happened in any lane for longer than that: `{start, end}`. A keepalive tells nothing. */
export function longWaits(lanes) {
  const times = lanes.flatMap((lane) => lane.events.filter((event) => event[1] !== "keepalive").map((event) => event[0]));
  times.sort((a, b) => a - b);
  const waits = [];
  let before = 0;
  for (const t of times) {
    if (t - before > LONG_WAIT_US) waits.push({ start: before, end: t });
    before = t;
  }
  return waits;
}

/** One to one, but for the given waits. */
export class Pace {
  #knots = [[0, 0]]; // [recorded, played], straight lines between

  constructor(waits) {
    for (const { start, end } of waits) {
      const [recorded, played] = this.#knots.at(-1);
      const from = played + start - recorded;
      if (start > recorded) this.#knots.push([start, from]);
      this.#knots.push([end, from + PLAYED_US]);
    }
  }

  toPlayed(recorded) {
    return this.#follow(recorded, 0, 1);
  }

  toRecorded(played) {
    return this.#follow(played, 1, 0);
  }

  #follow(value, from, to) {
    const next = this.#knots.findIndex((knot) => knot[from] > value);
    const last = this.#knots.at(next < 0 ? -1 : next - 1);
    const slope = next < 0 ? 1 : (this.#knots[next][to] - last[to]) / (this.#knots[next][from] - last[from]);
    return last[to] + (value - last[from]) * slope;
  }
}
