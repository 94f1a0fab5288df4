/** What a lane says on the stage, where it is not what it says elsewhere. */
import { describe } from "../lib/state.js";
import { text } from "../lib/texts.js";
import { day } from "./day.js";

const PLAYS = new Set(["streaming", "slow", "waiting"]); // of a recording: nobody waits for a model
const LABELS = { live: "stage.live", fallback: "stage.fallback", recording: "stage.recording" };

/** As `describe`. Only the presenter is told the details of what went wrong. */
export function stateOnStage({ kind }, record, connection, hasDetails) {
  const state = describe(record, connection, false);
  if (kind !== "live" && PLAYS.has(state.name)) return { name: "streaming", text: text("stage.playing") };
  if (state.name === "retrying" && !hasDetails) return { ...state, text: text("stage.retrying") };
  return state;
}

export function label({ kind, recorded_at: recordedAt }) {
  return text(LABELS[kind], { date: recordedAt && day(new Date(recordedAt)) });
}
