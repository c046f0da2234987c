// Document → CommonMark with GFM tables and strikethrough. Own code instead of the serializer in prosemirror-markdown,
// because that one loses meaning in places that matter here: neighbouring lists, bold next to a letter ("**Punkt.**a"),
// table cells, bare addresses, lines that look like a list. The rule: read back, the text says the same (test/).
import { tokenizer } from "./markdown.js";

const SPACE = /\s/u;
const LETTER = /[\p{L}\p{N}]/u;
const PUNCTUATION = /[\p{P}\p{S}]/u;
const DELIMITED = ["strong", "em", "strike"];
const NESTING = [...DELIMITED, "link", "code"];

const codePoint = (character) => `&#${character.codePointAt(0)};`;
const firstCharacter = (text) => String.fromCodePoint(text.codePointAt(0));
const lastCharacter = (text) => Array.from(text.slice(-2)).at(-1);

// ---------------------------------------------------------------------------------------------------- words in a line

function escapeText(text) {
  let escaped = "";
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    const before = text[i - 1] ?? "";
    const after = text[i + 1] ?? "";
    let special = false;
    // Next to the ends it is escaped as well: the first and last letter may yet become a character reference.
    if (character === "\\") special = i >= text.length - 2 || !/[\p{L}\p{N} ]/u.test(after);
    else if (character === "`" || character === "[" || character === "]") special = true;
    else if (character === "*" || character === "_") {
      const alone = SPACE.test(before) && SPACE.test(after);
      const insideWord = character === "_" && i > 1 && i < text.length - 2 && LETTER.test(before) && LETTER.test(after);
      special = !alone && !insideWord;
    } else if (character === "<") special = !after || /[A-Za-z/!?]/.test(after);
    else if (character === "&") special = /^&(?:#x?[0-9a-f]+|[a-z][a-z0-9]*);/i.test(text.slice(i, i + 40));
    else if (character === "~") special = !before || !after || before === "~" || after === "~";
    escaped += special ? `\\${character}` : character;
  }
  return escaped;
}

// An address such as https://… must stand as it is: a backslash inside would become part of it.
function textTokens(text, insideLink) {
  const tokens = [];
  let done = 0;
  const put = (part) => part && tokens.push({ kind: "text", source: escapeText(part) });
  const addresses = insideLink || !text.includes("://") ? [] : (tokenizer.linkify.match(text) ?? []);
  for (const { schema, index, lastIndex } of addresses) {
    if (schema === "mailto:" || /[<>]/.test(text.slice(index, lastIndex))) continue;
    put(text.slice(done, index));
    tokens.push({ kind: "address", source: text.slice(index, lastIndex) });
    done = lastIndex;
  }
  put(text.slice(done));
  return tokens;
}

function codeToken(text) {
  const content = text.replace(/\n/g, " ");
  const runs = content.match(/`+/g) ?? [];
  let length = 1;
  while (runs.some((run) => run.length === length)) length++;
  const fence = "`".repeat(length);
  const padded = /^`|`$/.test(content) || (/^ .* $/.test(content) && content.trim() !== "");
  return { kind: "raw", source: padded ? `${fence} ${content} ${fence}` : fence + content + fence };
}

function linkTarget({ href, src, title }) {
  const address = (href ?? src ?? "").replace(/\n/g, "%0A").replace(/&(?=#?\w+;)/g, "&amp;");
  let depth = 0;
  let balanced = true;
  for (const character of address) {
    if (character === "(") depth++;
    if (character === ")" && --depth < 0) balanced = false;
  }
  const plain = address !== "" && balanced && depth === 0 && !/^<|[\s\u0000-\u001f\u007f]/.test(address);
  const written = plain
    ? address.replace(/\\(?=[!-/:-@[-`{-~])/g, "\\\\")
    : `<${address.replace(/[\\<>]/g, (character) => `\\${character}`)}>`;
  if (title == null) return written;
  const quoted = title.replace(/[\\"]/g, "\\$&").replace(/&(?=#?\w+;)/g, "&amp;").replace(/\n{2,}/g, "\n");
  return `${written} "${quoted}"`;
}

// A link that shows its own address is written as the address.
function isOwnAddress(runs, { href, title }) {
  if (title != null || runs.length !== 1 || runs[0].text == null || runs[0].marks.size !== 0) return false;
  const { text } = runs[0];
  if (/[\s<>]/.test(text) || tokenizer.normalizeLinkText(text) !== text) return false;
  if (/^[\w.!#$%&'*+/=?^`{|}~-]+@[\w.-]+[a-z0-9]$/i.test(text)) return href === `mailto:${text}`;
  return /^[a-z][a-z0-9+.-]{1,31}:/i.test(text) && tokenizer.normalizeLink(text) === href;
}

// Takes blanks off the ends of bold, italic and struck-out text, which "**so **geht" would not be. Says whether it did.
function expelBlanks(runs, from, to, name) {
  for (const leading of [true, false]) {
    const index = leading ? from : to - 1;
    const blankEdge = leading ? /^\s+/u : /\s+$/u;
    const run = runs[index];
    const blank = run.text == null || run.marks.has("code") ? null : blankEdge.exec(run.text)?.[0];
    if (!run.isBreak && !blank) continue;
    if (run.isBreak || blank.length === run.text.length) run.marks.delete(name);
    else {
      const edge = { text: blank, marks: new Map(run.marks) };
      edge.marks.delete(name);
      run.text = leading ? run.text.slice(blank.length) : run.text.slice(0, -blank.length);
      runs.splice(leading ? index : index + 1, 0, edge);
    }
    return true;
  }
  return false;
}

// Turns runs of text with sets of marks into properly nested delimiters: longest first, links never cut in two.
function nest(runs, tokens, insideLink = false) {
  let i = 0;
  while (i < runs.length) {
    const run = runs[i];
    let best = null;
    let bestEnd = i;
    for (const name of NESTING) {
      const mark = run.marks.get(name);
      if (!mark || (name === "code" && run.marks.size > 1)) continue;
      let end = i + 1;
      while (end < runs.length && runs[end].marks.get(name)?.eq(mark) && (name !== "code" || runs[end].marks.size === 1))
        end++;
      if (name !== "link" && end < runs.length) {
        const link = runs[end].marks.get("link");
        let linkStart = end;
        while (link && linkStart > i && runs[linkStart - 1].marks.get("link")?.eq(link)) linkStart--;
        if (linkStart > i) end = linkStart;
      }
      if (end > bestEnd) {
        best = mark;
        bestEnd = end;
      }
    }
    if (!best) {
      if (run.isBreak) tokens.push({ kind: "raw", source: "\\\n" });
      else if (run.image) tokens.push({ kind: "raw", source: `![${escapeText(run.image.alt)}](${linkTarget(run.image)})` });
      else tokens.push(...textTokens(run.text.replace(/[\r\n]/g, " "), insideLink));
      i++;
      continue;
    }
    const name = best.type.name;
    if (DELIMITED.includes(name) && expelBlanks(runs, i, bestEnd, name)) continue;
    const inner = runs.slice(i, bestEnd).map((part) => ({ ...part, marks: new Map(part.marks) }));
    for (const part of inner) part.marks.delete(name);
    if (name === "code") tokens.push(codeToken(inner.map((part) => part.text ?? "").join("")));
    else if (name === "link" && isOwnAddress(inner, best.attrs)) tokens.push({ kind: "address", source: inner[0].text });
    else if (name === "link") {
      tokens.push({ kind: "raw", source: "[" });
      nest(inner, tokens, true);
      tokens.push({ kind: "raw", source: `](${linkTarget(best.attrs)})` });
    } else {
      const delimiter = { kind: "delimiter", name, source: { strong: "**", em: "*", strike: "~~" }[name] };
      const open = { ...delimiter, opens: true };
      const close = { ...delimiter, opens: false, partner: open };
      open.partner = close;
      tokens.push(open);
      nest(inner, tokens, insideLink);
      tokens.push(close);
    }
    i = bestEnd;
  }
}

// Italic next to bold or mixed with it: "*a***b**" is ambiguous, "_a_**b**" is not.
function useUnderscores(tokens) {
  let bold = 0;
  tokens.forEach((token, i) => {
    if (token.name === "strong") bold += token.opens ? 1 : -1;
    if (token.name !== "em" || !token.opens) return;
    const end = tokens.indexOf(token.partner, i);
    const mixed = bold > 0 || tokens.slice(i, end).some((inner) => inner.name === "strong");
    const covered = tokens[i + 1].partner === tokens[end - 1] || tokens[i - 1]?.partner === (tokens[end + 1] ?? null);
    const besideLetter = [tokens[i - 1]?.source.at(-1), tokens[end + 1]?.source[0]].some((c) => c && LETTER.test(c));
    if (mixed && !covered && !besideLetter) token.source = token.partner.source = "_";
  });
  const starred = (token, opens) => token?.kind === "delimiter" && token.name !== "strike" && token.opens === opens;
  for (let i = 1; i < tokens.length; i++) {
    if (!starred(tokens[i - 1], false) || !starred(tokens[i], true)) continue;
    let from = i;
    let to = i;
    while (starred(tokens[from - 1], false)) from--;
    while (starred(tokens[to], true)) to++;
    const em = tokens.slice(from, to).find((token) => token.name === "em");
    if (em) em.source = em.partner.source = "_";
  }
}

// Where a delimiter stands between a letter and a mark of punctuation, CommonMark does not see it. Writing the letter
// as a character reference, which reads the same, makes it visible: "a**(b)**" → "&#97;**(b)**".
function makeDelimitersCount(tokens) {
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (token.kind !== "delimiter") continue;
    const outward = token.opens ? -1 : 1;
    const beyond = (start, step) => {
      let j = start + step;
      while (tokens[j]?.kind === "delimiter" && tokens[j].source[0] === token.source[0]) j += step;
      return tokens[j];
    };
    const outer = beyond(i, outward);
    const inner = beyond(i, -outward);
    const outerCharacter = outer && (outward < 0 ? lastCharacter(outer.source) : firstCharacter(outer.source));
    const innerCharacter = inner && (outward < 0 ? firstCharacter(inner.source) : lastCharacter(inner.source));
    if (outer?.kind !== "text" || SPACE.test(outerCharacter) || PUNCTUATION.test(outerCharacter)) continue;
    if (token.source !== "_" && !PUNCTUATION.test(innerCharacter)) continue;
    outer.source =
      outward < 0
        ? outer.source.slice(0, -outerCharacter.length) + codePoint(outerCharacter)
        : codePoint(outerCharacter) + outer.source.slice(outerCharacter.length);
  }
}

function placeAddresses(tokens) {
  tokens.forEach((token, i) => {
    if (token.kind !== "address") return;
    const before = tokens[i - 1]?.source.at(-1) ?? " ";
    const after = tokens[i + 1]?.source[0] ?? " ";
    const found = tokenizer.linkify.match(token.source)?.[0];
    const stands =
      SPACE.test(before) &&
      SPACE.test(after) &&
      !(found?.schema === "mailto:" && /[*_~`\\&]/.test(token.source)) &&
      found?.index === 0 &&
      found.lastIndex === token.source.length &&
      !token.source.endsWith("*");
    if (!stands) token.source = `<${token.source}>`;
    token.kind = "raw";
  });
}

function inlineSource(parent) {
  const runs = [];
  parent.forEach((node) => {
    const marks = new Map(node.marks.map((mark) => [mark.type.name, mark]));
    if (node.isText) runs.push({ text: node.text, marks });
    else if (node.type.name === "hard_break") runs.push({ isBreak: true, marks });
    else runs.push({ image: node.attrs, marks });
  });
  // Blanks and line breaks at the end of a block show nothing; a break there would even show its backslash.
  const showsNothing = (run) => run.isBreak || (!run.marks.has("code") && /^[ \t\n]*$/.test(run.text ?? "x"));
  while (runs.length && showsNothing(runs.at(-1))) runs.pop();
  const tokens = [];
  nest(runs, tokens);
  placeAddresses(tokens);
  tokens.forEach((token, i) => {
    const next = tokens[i + 1];
    if (token.kind === "text" && token.source.endsWith("!") && next?.kind === "raw" && next.source.startsWith("["))
      token.source = `${token.source.slice(0, -1)}\\!`;
  });
  useUnderscores(tokens);
  makeDelimitersCount(tokens);
  return tokens
    .map((token) => token.source)
    .join("")
    .replace(/^[ \t]+|[ \t]+$/g, "")
    .replace(/^\s|\s$/gu, codePoint); // other blanks at the ends, such as no-break spaces, would be stripped
}

// ------------------------------------------------------------------------------------------------------ lines, blocks

// Keeps a line of text from being read as a heading, list, quote, rule or table.
function protectLineStart(line) {
  if (/^(?:#{1,6}(?:\s|$)|>|[-+*](?:\s|$)|=+\s*$|[|:\-\s]*[|:-][|:\-\s]*$)/.test(line)) return `\\${line}`;
  return line.replace(/^(\d{1,9})([.)])(?=\s|$)/, "$1\\$2");
}

const textLines = (node) => inlineSource(node).split("\n").map((line) => protectLineStart(line.trimStart()));

function headingLines(node) {
  const { level } = node.attrs;
  const source = inlineSource(node);
  if (source.includes("\n") && !source.includes("|") && level <= 2) return [...textLines(node), level === 1 ? "===" : "---"];
  const line = source.replace(/\\\n/g, " ").replace(/(^|\s)(#+)$/, "$1\\$2");
  return [`${"#".repeat(level)} ${line}`.trimEnd()];
}

function codeLines(node) {
  const { info } = node.attrs;
  const sign = info.includes("`") ? "~" : "`";
  const longest = Math.max(2, ...(node.textContent.match(sign === "`" ? /`+/g : /~+/g) ?? []).map((run) => run.length));
  const fence = sign.repeat(longest + 1);
  return [fence + info, ...(node.textContent ? node.textContent.split("\n") : []), fence];
}

function tableLines(node) {
  const rows = [];
  node.forEach((row) => {
    const cells = [];
    row.forEach((cell) => cells.push(inlineSource(cell).replaceAll("|", "\\|")));
    rows.push(cells);
  });
  const width = Math.max(...rows.map((cells) => cells.length));
  const line = (cells) => `| ${Array.from({ length: width }, (_, i) => cells[i] || " ").join(" | ")} |`.replace(/ {3}/g, "  ");
  const rules = Array.from({ length: width }, (_, i) => {
    const align = node.firstChild.maybeChild(i)?.attrs.align;
    return { left: ":---", center: ":---:", right: "---:" }[align] ?? "---";
  });
  return [line(rows[0]), `| ${rules.join(" | ")} |`, ...rows.slice(1).map(line)];
}

const isList = (node) => node.type.name.endsWith("_list");
const isSetext = (node) => node.type.name === "heading" && node.attrs.level <= 2 && inlineSource(node).includes("\n");

// Whether `next` may follow `previous` without an empty line and still be read as a block of its own.
function standsDirectlyAfter(previous, next) {
  const before = previous.type.name;
  const after = next.type.name;
  if (["heading", "horizontal_rule", "code_block"].includes(before)) return true;
  if (after === "paragraph" || isSetext(next)) return false;
  if (after === "table" || after === "blockquote") return before === "paragraph" || (before !== after && after === "blockquote");
  if (isList(next) && (!visibleChildren(next.firstChild).length || (after === "ordered_list" && next.attrs.order !== 1))) return false;
  return true;
}

function visibleChildren(parent) {
  const children = [];
  parent.forEach((child) => {
    if (child.type.name !== "paragraph" || inlineSource(child)) children.push(child);
  });
  return children;
}

function fitsTight(list) {
  let fits = list.attrs.tight;
  list.forEach((item) => {
    const children = visibleChildren(item);
    for (let i = 1; fits && i < children.length; i++) fits = standsDirectlyAfter(children[i - 1], children[i]);
  });
  return fits;
}

function listLines(list, alternate, bullet = alternate ? "*" : "-") {
  const tight = fitsTight(list);
  const lines = [];
  for (let index = 0; index < list.childCount; index++) {
    const number = Math.min(999999999, list.attrs.order + index);
    const marker = list.type.name === "bullet_list" ? bullet : `${number}${alternate ? ")" : "."}`;
    const content = blockLines(visibleChildren(list.child(index)), { tight, inList: true });
    const firstLine = `${marker} ${content[0] ?? ""}`.trimEnd();
    // Empty items within empty items, "- - -", would be a rule across the page.
    if (/^([-*])(?:\s*\1){2,}$/.test(firstLine)) return listLines(list, alternate, "+");
    if (index && !tight) lines.push("");
    lines.push(firstLine);
    for (const line of content.slice(1)) lines.push(line && " ".repeat(marker.length + 1) + line);
  }
  return lines;
}

// Nodes never change once made, so what a block was written as can be kept. This is what makes typing in a long text
// cheap: only the block under the cursor is written anew.
const written = new WeakMap();

function linesOf(node, alternate, inList) {
  const key = `${alternate} ${inList}`;
  const known = written.get(node) ?? {};
  if (!known[key]) {
    known[key] = writeLines(node, alternate, inList);
    written.set(node, known);
  }
  return known[key];
}

function writeLines(node, alternate, inList) {
  switch (node.type.name) {
    case "paragraph":
      return textLines(node);
    case "heading":
      return headingLines(node);
    case "code_block":
      return codeLines(node);
    case "horizontal_rule":
      return [inList ? "___" : "---"]; // "---" right below a line would make it a heading
    case "table":
      return tableLines(node);
    case "blockquote": {
      const content = blockLines(visibleChildren(node), { tight: false, inList: false });
      return (content.length ? content : [""]).map((line) => (line ? `> ${line}` : ">"));
    }
    default:
      return listLines(node, alternate);
  }
}

function blockLines(nodes, { tight, inList }) {
  const lines = [];
  let alternate = false;
  nodes.forEach((node, index) => {
    const previous = nodes[index - 1];
    // Two lists in a row would be read as one, unless their marks differ.
    alternate = isList(node) && previous?.type === node.type && !alternate;
    if (previous && !tight) lines.push("");
    lines.push(...linesOf(node, alternate, inList));
  });
  return lines;
}

export function serialize(doc) {
  return blockLines(visibleChildren(doc), { tight: false, inList: false }).join("\n");
}
