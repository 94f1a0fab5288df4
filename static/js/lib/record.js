/** What the page holds of one run: its chunks with their times, and what the other events told. Times in µs. */
import { percentiles } from "./percentiles.js";

const RATE_WINDOW_US = 2_000_000;

export class Record {
  constructor() {
    this.clear();
  }

  clear() {
    this.chunks = []; // {t, text, shown, logprob, part}; shown: what filters make of it, where that is something else
    this.tail = {}; // what filters held back to the end
    this.phase = "waiting"; // waiting, queued, loading, streaming, retrying, ended
    this.status = null;
    this.attempt = 1;
    this.attemptT = 0;
    this.finish = null; // why the provider stopped: "stop", "length", …
    this.error = null;
    this.cause = null; // of the last failed attempt: its status or code
    this.retry = null; // {at, attempt, of, code, cause}
    this.loading = null; // progress 0–1, or null
    this.notices = new Map(); // code → message
    this.lastT = 0;
    this.begin = null; // when the run began, on this page's clock (ms)
    this.hasLogprobs = false;
  }

  /** Takes `[t, kind, data]` events that follow those held. */
  apply(events) {
    const arrived = performance.now();
    for (const [t, kind, data] of events) {
      this.lastT = t;
      if (kind === "chunk") this.#chunk(t, data);
      else this.#other(t, kind, data);
    }
    // The event that travelled fastest says best when the run began.
    const begin = arrived - this.lastT / 1000;
    this.begin = this.begin === null ? begin : Math.min(this.begin, begin);
  }

  #chunk(t, data) {
    this.phase = "streaming";
    if (typeof data === "string") {
      this.chunks.push({ t, text: data, part: "text", logprob: null });
      return;
    }
    if (data.logprobs?.length) this.hasLogprobs = true;
    const call = data.tool_call;
    const part = data.text ? "text" : data.reasoning ? "reasoning" : data.refusal ? "refusal" : call ? "tool" : "text";
    const text = data.text || data.reasoning || data.refusal || (call ? `${call.name ?? ""}${call.arguments ?? ""}` : "");
    const shown = data.shown?.[part];
    const chunk = { t, text, shown, part: data.choice ? "choice" : part, logprob: leastLogprob(data.logprobs) };
    if (data.text && data.reasoning) {
      this.chunks.push({ ...chunk, text: data.reasoning, shown: data.shown?.reasoning, part: "reasoning" });
    }
    this.chunks.push(chunk);
  }

  #other(t, kind, data) {
    if (kind === "attempt.started") {
      this.attempt = data.attempt;
      this.attemptT = t;
      this.phase = "waiting";
      this.loading = this.retry = null;
    } else if (kind === "retry.scheduled") {
      this.phase = "retrying";
      this.retry = { at: t + data.delay_ms * 1000, attempt: data.attempt, of: data.of, code: data.code, cause: this.cause };
    } else if (kind === "attempt.failed") {
      this.cause = data.status ?? data.code;
    } else if (kind === "notice") {
      this.#notice(data);
    } else if (kind === "run.ended") {
      this.phase = "ended";
      this.status = data.status;
      this.finish = data.finish_reason ?? null;
      this.tail = data.tail ?? {};
      this.error = data.error;
    }
  }

  #notice(data) {
    if (data.code === "model.loading") {
      this.phase = "loading";
      this.loading = data.progress ?? null;
    } else if (data.code === "model.waiting") {
      this.phase = "queued";
    } else {
      this.notices.set(data.code, data.message);
    }
  }

  /** The server says that nothing more comes; a run that was interrupted has no last event to say so. */
  end(status, error = this.error) {
    this.phase = "ended";
    this.status = status;
    this.error = error;
  }

  /** The answer, as text. */
  text(isFiltered = false) {
    const shown = (chunk) => (isFiltered ? chunk.shown ?? chunk.text : chunk.text);
    const came = this.chunks.map((chunk) => (chunk.part === "text" ? shown(chunk) : "")).join("");
    return came + ((isFiltered && this.tail.text) || "");
  }

  /** The run's own clock now; when it ended, its last event. */
  now() {
    if (this.phase === "ended" || this.begin === null) return this.lastT;
    return Math.max(this.lastT, (performance.now() - this.begin) * 1000);
  }

  /** As `recording/metrics.py` counts; while it streams, the rate is that of the last two seconds. */
  metrics() {
    const { chunks } = this;
    const metrics = { chunks: chunks.length, elapsed: this.now(), attempt: this.attempt };
    if (chunks.length === 0) return metrics;
    metrics.ttft = chunks[0].t;
    if (chunks.length > 1) {
      [metrics.p50, metrics.p99] = percentiles(chunks);
      metrics.rate = this.phase === "ended" ? rateSince(chunks, 0) : this.#liveRate();
    }
    return metrics;
  }

  #liveRate() {
    const { chunks } = this;
    const now = this.now();
    if (now - chunks[0].t < RATE_WINDOW_US) return rateSince(chunks, 0);
    let first = chunks.length;
    while (first > 0 && chunks[first - 1].t >= now - RATE_WINDOW_US) first -= 1;
    return ((chunks.length - first) * 1e6) / RATE_WINDOW_US;
  }
}

function rateSince(chunks, first) {
  const span = chunks.at(-1).t - chunks[first].t;
  return span > 0 ? ((chunks.length - 1 - first) * 1e6) / span : undefined;
}

function leastLogprob(logprobs) {
  const values = (logprobs ?? []).map((entry) => entry.logprob).filter(Number.isFinite);
  return values.length ? Math.min(...values) : null;
}
