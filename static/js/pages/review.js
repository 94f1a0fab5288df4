/** Pages that people comment on: a session, a run, the panel as a page of its own. */
import "../elements/mention-field.js";
import "../elements/review-marks.js";
import "../elements/review-panel.js";
import "../lib/review-selection.js";
