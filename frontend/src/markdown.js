// Markdown → document, read exactly as the server reads it (markdown-it-py: commonmark + table + strikethrough + linkify).
import MarkdownIt from "markdown-it";
import { Fragment } from "prosemirror-model";

import { schema } from "./schema.js";

export const tokenizer = new MarkdownIt("commonmark", { html: false, linkify: true }).enable([
  "table",
  "strikethrough",
  "linkify",
]);
tokenizer.linkify.set({ fuzzyLink: false });

// markdown-it says by `hidden` paragraphs whether a list is tight (no space between its items).
function isTight(tokens, index) {
  const depth = tokens[index].level;
  for (let i = index + 1; tokens[i].level > depth; i++) {
    if (tokens[i].type === "paragraph_open" && tokens[i].level === depth + 2) return tokens[i].hidden;
  }
  return true;
}

const align = (token) => ({ align: /text-align:(\w+)/.exec(token.attrGet("style") || "")?.[1] ?? null });

const BLOCKS = {
  blockquote_open: () => ["blockquote"],
  paragraph_open: () => ["paragraph"],
  list_item_open: () => ["list_item"],
  bullet_list_open: (token, tokens, i) => ["bullet_list", { tight: isTight(tokens, i) }],
  ordered_list_open: (token, tokens, i) => [
    "ordered_list",
    { order: Number(token.attrGet("start") ?? 1), tight: isTight(tokens, i) },
  ],
  heading_open: (token) => ["heading", { level: Number(token.tag.slice(1)) }],
  table_open: () => ["table"],
  tr_open: () => ["table_row"],
  th_open: (token) => ["table_header", align(token)],
  td_open: (token) => ["table_cell", align(token)],
};
const MARKS = { em: "em", strong: "strong", s: "strike", link: "link" };

function readInline(children) {
  const nodes = [];
  const open = [];
  // Bold within bold is bold; a set knows each kind of mark once.
  const marks = () => open.reduce((set, mark) => mark.addToSet(set), []);
  const put = (text, extra = []) => {
    if (text) nodes.push(schema.text(text, extra.reduce((set, mark) => mark.addToSet(set), marks())));
  };
  for (const token of children) {
    if (token.nesting === 1) {
      const link = token.type === "link_open" && { href: token.attrGet("href"), title: token.attrGet("title") };
      open.push(schema.mark(MARKS[token.type.replace("_open", "")], link || null));
    } else if (token.nesting === -1) open.pop();
    else if (token.type === "text") put(token.content);
    else if (token.type === "softbreak") put(" ");
    else if (token.type === "code_inline") put(token.content, [schema.mark("code")]);
    else if (token.type === "hardbreak") nodes.push(schema.node("hard_break", null, null, marks()));
    else if (token.type === "image") {
      const alt = tokenizer.renderer.renderInlineAsText(token.children ?? [], tokenizer.options, {});
      const image = { src: token.attrGet("src"), title: token.attrGet("title"), alt };
      nodes.push(schema.node("image", image, null, marks()));
    } else throw new Error(`Unknown to the composer: ${token.type}`);
  }
  return Fragment.fromArray(nodes);
}

export function parse(markdown) {
  const stack = [{ name: "doc", attrs: null, content: [] }];
  const close = () => {
    const { name, attrs, content } = stack.pop();
    // createAndFill puts an empty paragraph where something must be, as in an empty item of a list.
    return schema.nodes[name].createAndFill(attrs, content);
  };
  const tokens = tokenizer.parse(markdown, {});
  tokens.forEach((token, i) => {
    const { content } = stack.at(-1);
    if (BLOCKS[token.type]) {
      const [name, attrs] = BLOCKS[token.type](token, tokens, i);
      stack.push({ name, attrs, content: [] });
    } else if (token.nesting === -1 && BLOCKS[token.type.replace(/_close$/, "_open")]) {
      const node = close();
      stack.at(-1).content.push(node);
    } else if (token.type === "inline") content.push(...readInline(token.children).content);
    else if (token.type === "fence" || token.type === "code_block") {
      const text = token.content.replace(/\n$/, "");
      content.push(schema.node("code_block", { info: token.info.trim() }, text ? schema.text(text) : null));
    } else if (token.type === "hr") content.push(schema.node("horizontal_rule"));
    else if (!/^(?:thead|tbody)_/.test(token.type)) throw new Error(`Unknown to the composer: ${token.type}`);
  });
  return close();
}
