/**
 * `<png-download data-src data-name>`: draws an SVG of ours at twice its size and hands it over as a PNG. Here and not
 * on the server, since the reader's browser has the fonts for whatever the text is written in.
 */
const SCALE = 2;

class PngDownload extends HTMLElement {
  connectedCallback() {
    this.querySelector("button").addEventListener("click", () => this.#save());
  }

  async #save() {
    const status = this.querySelector("[role=status]");
    status.textContent = "";
    try {
      hand(await drawn(this.dataset.src), this.dataset.name);
    } catch {
      status.textContent = this.dataset.failed;
    }
  }
}

async function drawn(src) {
  const image = new Image();
  image.src = src;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = image.naturalWidth * SCALE;
  canvas.height = image.naturalHeight * SCALE;
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** As a data URL: the page's policy knows no blobs. */
function hand(canvas, name) {
  const link = document.createElement("a");
  link.href = canvas.toDataURL("image/png");
  link.download = name;
  link.click();
}

customElements.define("png-download", PngDownload);
