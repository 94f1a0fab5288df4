/** A moment of a recording, in µs, as a clock shows it ("1:02.50") and as a URL has it (seconds: "62.5"). */
export function moment(us) {
  const hundredths = Math.floor(us / 10_000);
  const seconds = Math.floor(hundredths / 100);
  const two = (n) => String(n).padStart(2, "0");
  return `${Math.floor(seconds / 60)}:${two(seconds % 60)}.${two(hundredths % 100)}`;
}

export function toSeconds(us) {
  return String(Math.round(us) / 1e6);
}

/** null where it is not a moment. */
export function fromSeconds(written) {
  const seconds = written ? Number(written) : NaN;
  return Number.isFinite(seconds) && seconds >= 0 ? Math.round(seconds * 1e6) : null;
}

/** "{t} of {end}" with its values. */
export function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}
