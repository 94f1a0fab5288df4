/** Places in a rendered answer: characters that are no white space, counted as `history/alignment.py` counts them. */
const SPACE = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/u;
const HIGHLIGHT = "inspected";

/** Of the elements that an answer stands in, one after the other. */
function* characters(hosts) {
  for (const host of hosts) {
    const walker = document.createTreeWalker(host, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      let offset = 0;
      for (const character of node.data) {
        if (!SPACE.test(character)) yield { node, offset, end: offset + character.length };
        offset += character.length;
      }
    }
  }
}

function caretAt(x, y) {
  if (document.caretPositionFromPoint) {
    const found = document.caretPositionFromPoint(x, y);
    return found && { node: found.offsetNode, offset: found.offset };
  }
  const range = document.caretRangeFromPoint?.(x, y);
  return range && { node: range.startContainer, offset: range.startOffset };
}

/** The place of the character at a point of the window; null where there is no text. */
export function placeAt(hosts, x, y) {
  const caret = caretAt(x, y);
  if (caret?.node.nodeType !== Node.TEXT_NODE || !hosts.some((host) => host.contains(caret.node))) return null;
  let place = 0;
  for (const { node, end } of characters(hosts)) {
    if (node === caret.node && end > caret.offset) return place;
    if (node !== caret.node && caret.node.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_FOLLOWING) return place;
    place += 1;
  }
  return null;
}

/** Highlights the characters `from` to `to`; with none, nothing. */
export function showPlaces(hosts, from, to) {
  CSS.highlights?.delete(HIGHLIGHT);
  if (!hosts.length || !from || !CSS.highlights) return;
  const [first, last] = [Number(from), Number(to) - 1];
  const range = new Range();
  let place = 0;
  for (const { node, offset, end } of characters(hosts)) {
    if (place === first) range.setStart(node, offset);
    if (place === last) {
      range.setEnd(node, end);
      CSS.highlights.set(HIGHLIGHT, new Highlight(range));
      const box = range.getBoundingClientRect();
      if (box.top < 0 || box.bottom > innerHeight) range.startContainer.parentElement.scrollIntoView({ block: "center" });
      return;
    }
    place += 1;
  }
}
