/**
 * Places in texts as the server counts them: in marks, the code points that are shown and are not ASCII white space.
 * A text is all elements of a run or turn with the same `data-text`, one after the other.
 */
const BLANK = new Set("\t\n\v\f\r ");

function hostsOf(scope, part) {
  return [...scope.querySelectorAll(`[data-text="${part}"]`)];
}

function* textNodes(scope, part) {
  for (const host of hostsOf(scope, part)) {
    const walker = document.createTreeWalker(host, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) yield walker.currentNode;
  }
}

export function marksIn(text) {
  let count = 0;
  for (const mark of text) if (!BLANK.has(mark)) count += 1;
  return count;
}

/** How many marks of the text stand before a point of the page. */
export function marksBefore(scope, part, node, offset) {
  let count = 0;
  for (const host of hostsOf(scope, part)) {
    const range = document.createRange();
    range.selectNodeContents(host);
    if (!host.contains(node)) {
      count += marksIn(range.toString());
      continue;
    }
    range.setEnd(node, offset);
    return count + marksIn(range.toString());
  }
  return count;
}

/** The ranges that show spans of marks, [start, end] each; null for one that is not shown (yet). One walk for all. */
export function rangesOf(scope, part, spans) {
  const ranges = spans.map(() => null);
  const edges = spans.flatMap(([start, end], index) => [
    { at: start, index, isEnd: false },
    { at: end - 1, index, isEnd: true },
  ]);
  edges.sort((a, b) => a.at - b.at);
  let at = 0;
  let next = 0;
  for (const node of textNodes(scope, part)) {
    let offset = 0;
    for (const mark of node.data) {
      if (!BLANK.has(mark)) {
        for (; next < edges.length && edges[next].at === at; next += 1) place(ranges, edges[next], node, offset, mark);
        at += 1;
      }
      offset += mark.length;
    }
    if (next >= edges.length) break;
  }
  return ranges.map((range) => (range && !range.collapsed ? range : null));
}

function place(ranges, { index, isEnd }, node, offset, mark) {
  if (isEnd) return ranges[index]?.setEnd(node, offset + mark.length);
  ranges[index] = document.createRange();
  ranges[index].setStart(node, offset);
  ranges[index].collapse(true);
}

/** What the selection is of: {part, run or turn, quote, near}; null if it is not within one text. */
export function selectedText() {
  const selection = document.getSelection();
  if (!selection || selection.isCollapsed || selection.rangeCount === 0) return null;
  const range = selection.getRangeAt(0);
  const host = elementOf(range.startContainer)?.closest("[data-text]");
  const scope = host?.closest("[data-run], [data-turn]");
  if (!scope || !scope.contains(range.endContainer)) return null;
  const part = host.dataset.text;
  const quote = quoteIn(host, range);
  if (marksIn(quote) === 0) return null;
  const near = marksBefore(scope, part, range.startContainer, range.startOffset);
  return { part, quote, near, run: scope.dataset.run ?? "", turn: scope.dataset.turn ?? "", range };
}

/** A selection that goes on past its text ends with it. */
function quoteIn(host, range) {
  const inside = document.createRange();
  inside.selectNodeContents(host);
  inside.setStart(range.startContainer, range.startOffset);
  if (host.contains(range.endContainer)) inside.setEnd(range.endContainer, range.endOffset);
  return inside.toString();
}

function elementOf(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement;
}
