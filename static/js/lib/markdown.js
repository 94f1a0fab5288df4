/**
 * The small part of Markdown that reads better set than raw while an answer streams: headings, lists, quotes, tables,
 * rules, code, emphasis. It builds DOM nodes and never parses HTML: model output is hostile. Links stay text until the
 * server's rendering replaces this one.
 */
const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([^`]*)$/;
const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*\s*$/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const BULLET = /^ {0,3}[-*+]\s+(.*)$/;
const NUMBER = /^ {0,3}(\d{1,9})[.)]\s+(.*)$/;
const QUOTE = /^ {0,3}>\s?(.*)$/;
const DELIMITERS = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;
const INLINE = /(`+)(?!`)(.+?)(?<!`)\1(?!`)|\*\*(?=\S)(.+?)(?<=\S)\*\*|\*(?=\S)([^*]+?)(?<=\S)\*|(?<!\w)_(?=\S)([^_]+?)(?<=\S)_(?!\w)/gs;

/** A line that opens or closes a code block: its mark, and whether nothing follows the mark. Else null. */
export function fenceOf(line) {
  const match = FENCE.exec(line);
  return match && { mark: match[1], bare: match[2].trim() === "" };
}

/** The elements of one block: lines with no blank line and no code fence among them. */
export function renderBlock(source) {
  const table = renderTable(source.split("\n").filter((line) => line.trim()));
  if (table) return [table];
  const elements = [];
  let paragraph = [];
  let list = null;
  const flush = () => {
    if (paragraph.length) elements.push(inlineElement("p", paragraph.join("\n")));
    paragraph = [];
  };
  for (const line of source.split("\n")) {
    const item = BULLET.exec(line) ?? NUMBER.exec(line);
    const alone = RULE.test(line) ? document.createElement("hr") : heading(line) ?? quote(line);
    if (alone) {
      flush();
      list = null;
      elements.push(alone);
    } else if (item) {
      flush();
      list = addItem(elements, list, item);
    } else if (list && line.trim()) {
      list.lastElementChild.append("\n", ...inline(line.trim()));
    } else if (line.trim()) {
      paragraph.push(line);
    }
  }
  flush();
  return elements;
}

function renderTable(lines) {
  if (lines.length < 2 || !lines[0].includes("|") || !DELIMITERS.test(lines[1])) return null;
  const table = document.createElement("table");
  for (const [number, line] of lines.entries()) {
    if (number === 1) continue;
    const row = table.insertRow();
    for (const cell of cells(line)) row.append(inlineElement(number === 0 ? "th" : "td", cell));
  }
  const box = document.createElement("div");
  box.className = "prose__table";
  box.append(table);
  return box;
}

function cells(line) {
  return line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());
}

function heading(line) {
  const match = HEADING.exec(line);
  return match && inlineElement(`h${match[1].length}`, match[2]);
}

function quote(line) {
  const match = QUOTE.exec(line);
  if (!match) return null;
  const element = document.createElement("blockquote");
  element.append(inlineElement("p", match[1]));
  return element;
}

function addItem(elements, list, item) {
  const ordered = item.length === 3;
  if (!list || (list.tagName === "OL") !== ordered) {
    list = document.createElement(ordered ? "ol" : "ul");
    if (ordered) list.start = Number(item[1]);
    elements.push(list);
  }
  list.append(inlineElement("li", item.at(-1)));
  return list;
}

function inlineElement(tag, source) {
  const element = document.createElement(tag);
  element.append(...inline(source));
  return element;
}

function inline(source) {
  const nodes = [];
  let end = 0;
  for (const match of source.matchAll(INLINE)) {
    const [whole, , code, strong, emphasis, underscored] = match;
    nodes.push(source.slice(end, match.index));
    end = match.index + whole.length;
    if (code !== undefined) nodes.push(textElement("code", code));
    else if (strong !== undefined) nodes.push(inlineElement("strong", strong));
    else nodes.push(inlineElement("em", emphasis ?? underscored));
  }
  nodes.push(source.slice(end));
  return nodes;
}

function textElement(tag, content) {
  const element = document.createElement(tag);
  element.textContent = content;
  return element;
}
