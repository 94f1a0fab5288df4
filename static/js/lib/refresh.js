/** The sidebar is fetched again when it may be out of date: the server was away, or it could not be had. */
const AGAIN_MS = 5000;
let timer = 0;

function refresh() {
  clearTimeout(timer);
  timer = 0;
  document.body.dispatchEvent(new Event("sessions-changed"));
}

document.addEventListener("playground:connection", ({ detail }) => detail.isBack && refresh());

document.addEventListener("htmx:error", (event) => {
  if (event.target.id === "sidebar-sessions") timer ||= setTimeout(refresh, AGAIN_MS);
});
