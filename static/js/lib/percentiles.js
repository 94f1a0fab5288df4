/** The nearest-rank p50 and p99 of the gaps between chunks, in µs. */
const cache = new WeakMap(); // chunks → the gaps sorted so far

export function percentiles(chunks) {
  let state = cache.get(chunks);
  if (!state) cache.set(chunks, (state = { taken: 1, sorted: new Float64Array(0) }));
  if (state.taken < chunks.length) take(state, chunks);
  return [rank(state.sorted, 0.5), rank(state.sorted, 0.99)];
}

/** Merges the few new gaps into the many sorted ones. */
function take(state, chunks) {
  const fresh = [];
  for (; state.taken < chunks.length; state.taken += 1) fresh.push(chunks[state.taken].t - chunks[state.taken - 1].t);
  fresh.sort((a, b) => a - b);
  const merged = new Float64Array(state.sorted.length + fresh.length);
  let i = 0;
  let j = 0;
  for (let k = 0; k < merged.length; k += 1) {
    merged[k] = j >= fresh.length || (i < state.sorted.length && state.sorted[i] <= fresh[j]) ? state.sorted[i++] : fresh[j++];
  }
  state.sorted = merged;
}

function rank(sorted, share) {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}
