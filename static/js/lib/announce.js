/** Tells a screen reader something when it is next quiet. */
export function announce(message) {
  const region = document.getElementById("announcer");
  if (region) region.textContent = message;
}
