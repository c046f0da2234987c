// Markdown → document, read exactly as the server reads it (markdown-it-py: commonmark + table + strikethrough + linkify).
import MarkdownIt from "markdown-it";
import { MarkdownParser } from "prosemirror-markdown";

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

// Bold within bold is bold. Left in, the inner end would end the outer as well.
function withoutNestedTwins(tokens) {
  for (const block of tokens) {
    if (!block.children) continue;
    const depth = {};
    block.children = block.children.filter((token) => {
      if (!["em", "strong", "s"].includes(token.tag) || !token.nesting) return true;
      depth[token.tag] = (depth[token.tag] ?? 0) + token.nesting;
      return token.nesting > 0 ? depth[token.tag] === 1 : depth[token.tag] === 0;
    });
  }
  return tokens;
}

const reader = { parse: (text, env) => withoutNestedTwins(tokenizer.parse(text, env)) };

const parser = new MarkdownParser(schema, reader, {
  blockquote: { block: "blockquote" },
  paragraph: { block: "paragraph" },
  list_item: { block: "list_item" },
  bullet_list: { block: "bullet_list", getAttrs: (token, tokens, i) => ({ tight: isTight(tokens, i) }) },
  ordered_list: {
    block: "ordered_list",
    getAttrs: (token, tokens, i) => ({ order: Number(token.attrGet("start") ?? 1), tight: isTight(tokens, i) }),
  },
  heading: { block: "heading", getAttrs: (token) => ({ level: Number(token.tag.slice(1)) }) },
  code_block: { block: "code_block", noCloseToken: true },
  fence: { block: "code_block", getAttrs: (token) => ({ info: token.info.trim() }), noCloseToken: true },
  hr: { node: "horizontal_rule" },
  image: {
    node: "image",
    getAttrs: (token) => ({
      src: token.attrGet("src"),
      title: token.attrGet("title"),
      alt: tokenizer.renderer.renderInlineAsText(token.children ?? [], tokenizer.options, {}),
    }),
  },
  hardbreak: { node: "hard_break" },
  table: { block: "table" },
  thead: { ignore: true },
  tbody: { ignore: true },
  tr: { block: "table_row" },
  th: { block: "table_header", getAttrs: align },
  td: { block: "table_cell", getAttrs: align },
  em: { mark: "em" },
  strong: { mark: "strong" },
  s: { mark: "strike" },
  link: { mark: "link", getAttrs: (token) => ({ href: token.attrGet("href"), title: token.attrGet("title") }) },
  code_inline: { mark: "code" },
});

export const parse = (markdown) => parser.parse(markdown);
