/** What a page that is read by a link loads: lanes that stream, their tabs, the theme. Nothing that writes. */
import "../elements/theme-toggle.js";
import "../elements/tab-list.js";
import "../elements/run-lane.js";
import "../elements/live-room.js";
import "../elements/connection-bar.js";
import "../elements/health-bar.js";
