/** What a lane says about its run: a name (which decides icon and colour), a sentence, maybe a progress 0–1. */
import { clock } from "./format.js";
import { text } from "./texts.js";

const SLOW_AFTER_US = 5_000_000;

/** `connection` is the socket's state, `stopping` whether Stop was pressed. */
export function describe(record, connection, stopping) {
  if (record.phase === "ended") return ended(record);
  if (connection === "signed-out" || connection === "forbidden") return { name: "lost", text: text(connection) };
  if (connection === "waiting") return { name: "reconnecting", text: text("reconnecting") };
  if (stopping) return { name: "stopping", text: text("stopping") };
  if (record.phase === "retrying") return retrying(record);
  if (record.phase === "queued") return { name: "waiting", text: text("queued") };
  if (record.phase === "loading") return loading(record);
  return record.chunks.length > 0 ? streaming(record) : waiting(record);
}

function ended(record) {
  const { status } = record;
  const detail = status === "completed" || status === "cancelled" ? "" : (explain(record) || text(`${status}.detail`));
  return { name: status, text: text(status), detail };
}

/** As `connections/problems.py` does: the reader's language first, then what was recorded. */
function explain({ error, chunks }) {
  const key = `error.${error?.code}`;
  const hasPart = chunks.some((chunk) => chunk.part === "text");
  const known = (hasPart && text(`${key}.part`, {}, "")) || text(key, {}, "");
  return [known, error?.message ?? ""].filter(Boolean).join("\n");
}

function retrying(record) {
  const { at, attempt, of, cause, code } = record.retry;
  const values = { n: attempt - 1, of: of - 1, in: clock(Math.max(0, at - record.now())), cause: cause ?? code };
  return { name: "retrying", text: text("retrying", values) };
}

function loading(record) {
  const values = { percent: Math.round((record.loading ?? 0) * 100) };
  const key = record.loading === null ? "loading" : "loading.progress";
  return { name: "loading", text: text(key, values), progress: record.loading };
}

function silence(record, since) {
  const gap = record.now() - since;
  return gap >= SLOW_AFTER_US ? Math.floor(gap / 1_000_000) : 0;
}

function streaming(record) {
  const seconds = silence(record, record.chunks.at(-1).t);
  return seconds ? { name: "slow", text: text("slow", { n: seconds }) } : { name: "streaming", text: text("streaming") };
}

function waiting(record) {
  const seconds = silence(record, record.attemptT ?? 0);
  return seconds ? { name: "slow", text: text("slow", { n: seconds }) } : { name: "waiting", text: text("waiting") };
}
