/**
 * A text that may grow very long, in pieces that the browser lays out one by one: what is out of sight costs nothing.
 * A text of one piece is a plain text node.
 */
const PIECE = 16_384; // characters, and on to the end of the line
const LONGEST = 4 * PIECE; // characters, where no line ends

export class Pieces {
  #host;
  #text = document.createTextNode(""); // the last piece

  constructor(host) {
    this.#host = host;
    host.append(this.#text);
  }

  append(text) {
    for (let at = 0; at < text.length; ) {
      if (this.#isFull()) this.#begin();
      const end = this.#cut(text, at);
      this.#text.appendData(text.slice(at, end));
      at = end;
    }
  }

  /** Take the last characters away: no more than the last line has. */
  removeEnd(count) {
    const kept = Math.max(0, this.#text.length - count);
    this.#text.deleteData(kept, this.#text.length - kept);
  }

  #isFull() {
    const { length } = this.#text;
    if (length < PIECE) return false;
    return this.#text.data.endsWith("\n") || (length >= LONGEST && !isFirstHalf(this.#text.data, length - 1));
  }

  /** Up to where the text goes into the last piece. */
  #cut(text, at) {
    const { length } = this.#text;
    if (text.length - at <= PIECE - length) return text.length;
    const most = at + Math.max(1, LONGEST - length);
    const lineEnd = text.indexOf("\n", at + Math.max(0, PIECE - length - 1)) + 1;
    if (lineEnd > 0 && lineEnd <= most) return lineEnd;
    return isFirstHalf(text, most - 1) ? most + 1 : most;
  }

  #begin() {
    if (this.#text.parentNode === this.#host) this.#host.append(piece(this.#text));
    this.#text = document.createTextNode("");
    this.#host.append(piece(this.#text));
  }
}

function piece(text) {
  const element = document.createElement("span");
  element.className = "piece";
  element.append(text);
  return element;
}

/** Of a character that takes two units, which no cut may part. */
function isFirstHalf(text, at) {
  return (text.charCodeAt(at) & 0xfc00) === 0xd800;
}
