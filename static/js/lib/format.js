/** Numbers as the server writes them: see `history/gaps.py`. */
const MINUTE_US = 60_000_000;

function threeFigures(value) {
  if (value === 0) return "0";
  const decimals = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  const written = value.toFixed(decimals);
  return written.includes(".") ? written.replace(/0+$/, "").replace(/\.$/, "") : written;
}

/** A duration in µs: "0.84 ms", "212 ms", "1.23 s", "2 min 05 s". */
export function duration(us) {
  if (us >= MINUTE_US) {
    const seconds = Math.round(us / 1_000_000);
    return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
  }
  return us >= 999_500 ? `${threeFigures(us / 1_000_000)} s` : `${threeFigures(us / 1000)} ms`;
}

/** A running clock, in µs: one decimal, so that its width does not jump. */
export function clock(us) {
  return us >= MINUTE_US ? duration(us) : `${(us / 1_000_000).toFixed(1)} s`;
}

export function rate(perSecond) {
  return perSecond >= 100 ? String(Math.round(perSecond)) : perSecond.toFixed(1);
}
