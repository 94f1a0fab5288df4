/** What every page loads. Elements come to life wherever their tag stands, after a swap by htmx too. */
import "./lib/keys.js";
import "./lib/menus.js";
import "./lib/pending.js";
import "./lib/refresh.js";
import "./lib/toasts.js";
import "./elements/theme-toggle.js";
import "./elements/tab-list.js";
import "./elements/run-lane.js";
import "./elements/prompt-composer.js";
import "./elements/lane-list.js";
import "./elements/live-room.js";
import "./elements/connection-bar.js";
import "./elements/health-bar.js";
import "./elements/model-picker.js";
import "./elements/scroll-end.js";
import "./filters/answer-switch.js";
