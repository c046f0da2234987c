// What Word, LibreOffice, Outlook, Excel and web pages put on the clipboard, made into the few plain elements that the
// editor knows. Looks, page furniture, deleted text and comments go; words, lists, headings and tables stay.

const REMOVED =
  "script, style, title, meta, link, base, xml, template, noscript, iframe, object, embed, svg, math, canvas, audio," +
  " video, button, input, select, textarea, colgroup, col, br.Apple-interchange-newline, .MsoCommentReference," +
  " a.msocomanchor, .msoDel, del[datetime], del[cite], ins + del[title], .sdfootnotesep";
const HEADINGS = "h1, h2, h3, h4, h5, h6";
const BLOCKS =
  "address, article, aside, blockquote, center, dd, details, div, dl, dt, figcaption, figure, footer, form, h1, h2, h3, h4," +
  " h5, h6, header, hr, li, main, nav, ol, p, pre, section, table, tbody, td, tfoot, th, thead, tr, ul";
const KEPT = new Set(
  "a b blockquote br code del em h1 h2 h3 h4 h5 h6 hr i li ol p pre s strike strong table tbody td th tr ul".split(" "),
);
const TRANSPARENT_BLOCKS = "address, article, aside, center, dd, div, dt, figcaption, figure, footer, header, main, section";
// A cell may claim to be a thousand columns wide (Excel does, for titles).
const MOST_COLUMNS = 40;
const MOST_ROWS = 500;

// ------------------------------------------------------------------------------------------------------------- styles

function declarations(text) {
  const found = {};
  for (const part of (text ?? "").split(";")) {
    const colon = part.indexOf(":");
    if (colon > 0) found[part.slice(0, colon).trim().toLowerCase()] = part.slice(colon + 1).trim().toLowerCase();
  }
  return found;
}

// Excel says by class what is bold; Word lists by "@list" rules what its bullets are.
function readSheets(sheets) {
  const classes = new Map();
  const lists = new Map();
  for (const [, list, level, body] of sheets.matchAll(/@list\s+(l\d+):level(\d+)[^{]*\{([^}]*)\}/gi))
    lists.set(`${list} ${level}`, declarations(body)["mso-level-number-format"] ?? "decimal");
  for (const [, name, body] of sheets.matchAll(/(?:^|[\s},>])(?:td|span|p)?\.([\w-]+)\s*\{([^}]*)\}/gi))
    classes.set(name, declarations(body));
  return { classes, lists };
}

function styleOf(element, sheets) {
  const style = {};
  for (const name of element.classList) Object.assign(style, sheets.classes.get(name));
  return Object.assign(style, declarations(element.getAttribute("data-style")));
}

// -------------------------------------------------------------------------------------------------------------- tools

function unwrap(element) {
  element.replaceWith(...element.childNodes);
}

function rename(element, name) {
  const renamed = element.ownerDocument.createElement(name);
  renamed.append(...element.childNodes);
  element.replaceWith(renamed);
  return renamed;
}

function wrapContent(element, name) {
  const wrapper = element.ownerDocument.createElement(name);
  wrapper.append(...element.childNodes);
  element.append(wrapper);
}

const isElement = (node) => node.nodeType === Node.ELEMENT_NODE;
const isBlock = (node) => isElement(node) && (node.matches(BLOCKS) || node.querySelector(BLOCKS) !== null);
const isBlank = (node) => !/[^\s\u00a0]/.test(node.textContent) && !(isElement(node) && node.querySelector("hr, table"));

// -------------------------------------------------------------------------------------------------------------- lists

// Word's lists are paragraphs that say in their style "I am level 2 of list l0", with the bullet typed in.
function listPlace(element, sheets) {
  if (!isElement(element) || element.matches(`${HEADINGS}, li`)) return null;
  const place = /(l\d+)\s+level(\d+)(?:\s+(lfo\d+))?/.exec(styleOf(element, sheets)["mso-list"] ?? "");
  if (!place) return null;
  const [, list, level, override] = place;
  const ignored = [...element.querySelectorAll("[data-style]")].find(isTypedMarker);
  const marker = ignored?.textContent.replace(/[\s\u00a0]+/g, "") ?? "";
  const format = sheets.lists.get(`${list} ${level}`) ?? "bullet";
  const numbered = marker ? /^\(?(?:[\d.]*\d|[a-z]{1,2}|[ivxlc]+)[.)]+$|^\d+$/i.test(marker) : format !== "bullet";
  const number = Number(/(\d+)\D*$/.exec(marker)?.[1] ?? 1);
  return { id: `${list} ${override}`, level: Number(level), tag: numbered ? "ol" : "ul", start: number };
}

const isTypedMarker = (element) => /mso-list:\s*ignore/i.test(element.getAttribute("data-style") ?? "");

function makeLists(parent, sheets) {
  const document = parent.ownerDocument;
  let open = []; // from the outermost to the innermost list that can go on
  for (const child of [...parent.childNodes]) {
    if (!isElement(child)) {
      if (/\S/.test(child.textContent) && child.nodeType === Node.TEXT_NODE) open = [];
      continue;
    }
    const place = listPlace(child, sheets);
    if (!place) {
      const continues = /\bMsoListParagraph/.test(child.className) && open.length && !isBlank(child);
      if (continues) open.at(-1).element.lastElementChild.append(rename(child, "p"));
      else if (!isBlank(child)) open = [];
      continue;
    }
    while (open.length > 1 && open.at(-1).level > place.level) open.pop();
    const last = open.at(-1);
    const same = last && last.tag === place.tag && last.id === place.id;
    if (last && last.level >= place.level && !same) open.pop();
    if (!open.length || open.at(-1).level < place.level) {
      const element = document.createElement(place.tag);
      if (place.tag === "ol" && place.start !== 1) element.setAttribute("start", place.start);
      if (open.length) open.at(-1).element.lastElementChild.append(element);
      else child.before(element);
      open.push({ ...place, element });
    }
    const item = document.createElement("li");
    open.at(-1).element.append(item);
    item.append(rename(child, "p"));
  }
}

const isList = (node) => node?.matches?.("ol, ul") ?? false;
const startOf = (list) => Number(list.getAttribute("start") ?? 1);

// LibreOffice closes a numbered list, opens bullets within bullets where a sublist is meant, and numbers on from 3.
function mendLists(body) {
  for (const list of body.querySelectorAll("ol, ul")) {
    const before = list.previousElementSibling;
    const holder = isList(before) ? before.lastElementChild : before?.matches("li") ? before : null;
    const onlyLists = list.children.length > 0 && [...list.children].every(isList);
    if (onlyLists && isList(before) && holder?.matches("li")) {
      holder.append(...list.children);
      list.remove();
    } else if (onlyLists) unwrap(list);
    else if (isList(list.parentElement) && holder?.matches("li")) holder.append(list);
    else if (isList(before) && before.localName === "ol" && list.localName === "ol" && list.hasAttribute("start")) {
      if (startOf(list) !== startOf(before) + before.children.length) continue;
      before.append(...list.children);
      list.remove();
    }
  }
}

// ------------------------------------------------------------------------------------------------------------- tables

// A cell holds one line: paragraphs follow each other with a blank, list items with a semicolon.
function flattenCell(cell) {
  const document = cell.ownerDocument;
  for (const item of cell.querySelectorAll("li"))
    if (item.nextElementSibling && !isBlank(item)) (item.lastElementChild?.matches("p") ? item.lastElementChild : item).append(";");
  for (const block of [...cell.querySelectorAll(BLOCKS)].reverse()) {
    block.before(document.createTextNode(" "));
    block.after(document.createTextNode(" "));
    unwrap(block);
  }
  for (const lineBreak of cell.querySelectorAll("br")) lineBreak.replaceWith(" ");
  return [...cell.childNodes];
}

function plainTable(table) {
  const document = table.ownerDocument;
  const grid = [];
  const rows = [...table.querySelectorAll("tr")].filter((row) => row.closest("table") === table).slice(0, MOST_ROWS);
  rows.forEach((row, y) => {
    grid[y] ??= [];
    let x = 0;
    for (const cell of [...row.children].filter((child) => child.matches("td, th"))) {
      while (grid[y][x]) x++;
      const width = Math.min(Number(cell.getAttribute("colspan")) || 1, MOST_COLUMNS - x);
      const height = Math.min(Number(cell.getAttribute("rowspan")) || 1, rows.length - y);
      for (let dy = 0; dy < height; dy++)
        for (let dx = 0; dx < width; dx++) (grid[y + dy] ??= [])[x + dx] = dx || dy ? [] : flattenCell(cell);
      x += width;
    }
  });
  const hasWords = (cell) => cell?.some((node) => !isBlank(node));
  const filled = grid.filter((cells) => cells.some(hasWords));
  const width = Math.max(0, ...filled.map((cells) => cells.findLastIndex(hasWords) + 1));
  if (!width) return table.remove();
  if (width === 1 && filled.length === 1) {
    const paragraph = document.createElement("p");
    paragraph.append(...filled[0][0]);
    return table.replaceWith(paragraph);
  }
  const plain = document.createElement("table");
  filled.forEach((cells, y) => {
    const row = document.createElement("tr");
    for (let x = 0; x < width; x++) {
      const cell = document.createElement(y ? "td" : "th");
      cell.append(...(cells[x] ?? []));
      row.append(cell);
    }
    plain.append(row);
  });
  const caption = table.querySelector("caption");
  if (caption) {
    const paragraph = document.createElement("p");
    paragraph.append(...flattenCell(caption));
    table.before(paragraph);
  }
  table.replaceWith(plain);
}

// A table round a whole mail or page is furniture, not a table.
function isFurniture(table) {
  const cells = [...table.querySelectorAll("td, th")].filter((cell) => cell.closest("table") === table);
  if (/^(presentation|none)$/.test(table.getAttribute("role") ?? "")) return true;
  return cells.filter((cell) => !isBlank(cell)).length === 1 && table.querySelector("p, div, ul, ol, table, h1, h2, h3") !== null;
}

function makeTables(body) {
  for (const table of [...body.querySelectorAll("table")].reverse()) {
    if (isFurniture(table)) {
      for (const part of [...table.querySelectorAll("tbody, thead, tfoot, tr, td, th, caption")].reverse())
        if (part.closest("table") === table) rename(part, "div");
      rename(table, "div");
    } else if (!table.parentElement.closest("table")) plainTable(table);
  }
}

// --------------------------------------------------------------------------------------------------------- characters

function formatWords(body, sheets) {
  for (const element of [...body.querySelectorAll("*")].reverse()) {
    const style = styleOf(element, sheets);
    const weight = style["font-weight"] ?? "";
    const lines = `${style["text-decoration"] ?? ""} ${style["text-decoration-line"] ?? ""}`;
    // Google Docs wraps everything in <b style="font-weight: normal">.
    if (element.matches("b, strong") && /^(normal|[1-5]00)$/.test(weight)) unwrap(element);
    else if (element.matches("i, em") && style["font-style"] === "normal") unwrap(element);
    else if (!element.matches("b, strong, i, em, s, strike, del, br, hr, body, table, tr, tbody")) {
      if (/^(bold|bolder|[6-9]00)$/.test(weight)) wrapContent(element, "strong");
      if (/^(italic|oblique)/.test(style["font-style"] ?? "")) wrapContent(element, "em");
      if (/line-through/.test(lines)) wrapContent(element, "s");
    }
  }
}

function makeNotes(body) {
  for (const note of body.querySelectorAll("a[href^='#']")) {
    if (!/ftn|edn|footnote|endnote/i.test(note.getAttribute("href"))) continue;
    const number = note.textContent.replace(/[[\]\s\u00a0]/g, "");
    const startsNote = /ref|anc$/i.test(note.getAttribute("href"));
    note.replaceWith(`[${number}]${startsNote ? " " : ""}`);
  }
}

function cleanLinks(body) {
  for (const link of body.querySelectorAll("a")) {
    const address = (link.getAttribute("href") ?? "").trim();
    if (!/^(?:https?:|mailto:|tel:|\/(?!\/))/i.test(address) || isBlank(link)) unwrap(link);
  }
}

function cleanText(body) {
  const walker = body.ownerDocument.createTreeWalker(body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode;
    if (text.parentElement.closest("pre")) continue;
    text.data = text.data.replace(/[\s\u00a0]{2,}/g, " ").replace(/[\u200b\ufeff]/g, "");
  }
}

// --------------------------------------------------------------------------------------------------------- paragraphs

function splitAtEmptyLines(paragraph) {
  const isBreak = (node) => node?.nodeName === "BR";
  for (const node of [...paragraph.childNodes]) if (node.nodeType === Node.COMMENT_NODE) node.remove();
  for (const lineBreak of [...paragraph.children].filter(isBreak)) {
    let next = lineBreak.nextSibling;
    while (next?.nodeType === Node.TEXT_NODE && isBlank(next)) next = next.nextSibling;
    if (!isBreak(next) || lineBreak.parentNode !== paragraph) continue;
    const rest = paragraph.ownerDocument.createElement("p");
    while (next.nextSibling) rest.append(next.nextSibling);
    next.remove();
    lineBreak.remove();
    paragraph.after(rest);
    splitAtEmptyLines(rest);
    return;
  }
}

function makeParagraphs(container) {
  let run = null;
  for (const child of [...container.childNodes]) {
    if (isBlock(child)) {
      run = null;
      if (child.matches("blockquote, li, div")) makeParagraphs(child);
    } else if (run) run.append(child);
    else if (child.nodeType === Node.TEXT_NODE && isBlank(child)) continue;
    else {
      run = container.ownerDocument.createElement("p");
      child.before(run);
      run.append(child);
    }
  }
}

function dropEmpty(body) {
  for (const block of [...body.querySelectorAll(`p, li, blockquote, ul, ol, ${HEADINGS}`)].reverse())
    if (isBlank(block)) block.remove();
  for (const mark of body.querySelectorAll("b, strong, i, em, s, strike, del, a, code"))
    if (!mark.textContent) mark.remove();
  for (const paragraph of body.querySelectorAll("p")) {
    while (paragraph.lastChild?.nodeName === "BR") paragraph.lastChild.remove();
    while (paragraph.firstChild?.nodeName === "BR") paragraph.firstChild.remove();
  }
}

// -------------------------------------------------------------------------------------------------------------- whole

export function cleanPasted(html) {
  let sheets = "";
  const source = html
    .replace(/<style[^>]*>([\s\S]*?)<\/style>/gi, (_, css) => {
      sheets += css;
      return "";
    })
    .replace(/<!--\[if[\s\S]*?<!\[endif\]-->/gi, "")
    // Renamed before any parser sees them: the Content-Security-Policy forbids styles and scripts in attributes and
    // has the browser complain about each.
    .replace(/<[a-z][^<>]*>/gi, (tag) => tag.replace(/\s(style|on\w+)\s*=/gi, " data-$1="));
  const { body } = new DOMParser().parseFromString(source, "text/html");
  const known = readSheets(sheets);

  for (const element of body.querySelectorAll(REMOVED)) element.remove();
  for (const element of [...body.querySelectorAll("[data-style]")]) {
    const style = declarations(element.getAttribute("data-style"));
    const hidden = style.display === "none" || style["mso-hide"] === "all";
    if (/^comment/.test(style["mso-element"] ?? "") || (hidden && !element.matches("body"))) element.remove();
    else if (style["mso-tab-count"]) element.replaceWith(" ");
  }
  for (const picture of body.querySelectorAll("img, v\\:shape, picture")) {
    const alt = picture.getAttribute("alt") ?? "";
    picture.replaceWith(/^\p{Extended_Pictographic}/u.test(alt) ? alt : "");
  }
  makeNotes(body);
  for (const paragraph of body.querySelectorAll("p")) {
    const level = /^[1-6]$/.exec(styleOf(paragraph, known)["mso-outline-level"] ?? "")?.[0];
    if (level) rename(paragraph, `h${level}`);
    else if (paragraph.matches(".MsoTitle, .title")) rename(paragraph, "h1");
  }
  for (const parent of new Set([...body.querySelectorAll("p, div, li")].map((element) => element.parentElement)))
    if (parent && [...parent.children].some((child) => listPlace(child, known))) makeLists(parent, known);
  for (const marker of [...body.querySelectorAll("[data-style]")].filter(isTypedMarker)) marker.remove();
  mendLists(body);
  formatWords(body, known);
  makeTables(body);
  // Headings and the first row of a table stand out by themselves.
  for (const bold of body.querySelectorAll(`:is(${HEADINGS}, th) :is(b, strong)`)) unwrap(bold);
  cleanLinks(body);
  cleanText(body);
  for (const element of [...body.querySelectorAll("*")].reverse()) {
    if (element.matches(TRANSPARENT_BLOCKS)) {
      const [start] = element.childNodes;
      if (![...element.childNodes].some(isBlock) && start) rename(element, "p");
      else {
        makeParagraphs(element);
        unwrap(element);
      }
    } else if (!KEPT.has(element.localName)) unwrap(element);
    else
      for (const { name } of [...element.attributes])
        if (!["href", "start"].includes(name)) element.removeAttribute(name);
  }
  makeParagraphs(body);
  for (const paragraph of body.querySelectorAll("p")) splitAtEmptyLines(paragraph);
  dropEmpty(body);
  return body.innerHTML;
}
