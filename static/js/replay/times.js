/** How many of the ascending values are not after `t`; `timeOf` tells a value's time. */
export function countUntil(sorted, t, timeOf = (value) => value, from = 0) {
  let low = from;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (timeOf(sorted[middle]) <= t) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** When chunks came, in any of the lanes: ascending, each time once. */
export function chunkTimes(lanes) {
  const times = lanes.flatMap((lane) => lane.events.filter((event) => event[1] === "chunk").map((event) => event[0]));
  return [...new Set(times)].sort((a, b) => a - b);
}
