// What a text can consist of: exactly what CommonMark with GFM tables and strikethrough can say, nothing more.
import { Schema } from "prosemirror-model";
import { tableNodes } from "prosemirror-tables";

const nodes = {
  doc: { content: "block+" },
  paragraph: { content: "inline*", group: "block", parseDOM: [{ tag: "p" }], toDOM: () => ["p", 0] },
  blockquote: {
    content: "block+",
    group: "block",
    defining: true,
    parseDOM: [{ tag: "blockquote" }],
    toDOM: () => ["blockquote", 0],
  },
  horizontal_rule: { group: "block", parseDOM: [{ tag: "hr" }], toDOM: () => ["hr"] },
  heading: {
    attrs: { level: { default: 1 } },
    content: "inline*",
    group: "block",
    defining: true,
    parseDOM: [1, 2, 3, 4, 5, 6].map((level) => ({ tag: `h${level}`, attrs: { level } })),
    toDOM: (node) => [`h${node.attrs.level}`, 0],
  },
  code_block: {
    attrs: { info: { default: "" } },
    content: "text*",
    marks: "",
    group: "block",
    code: true,
    defining: true,
    parseDOM: [
      { tag: "pre", preserveWhitespace: "full", getAttrs: (dom) => ({ info: dom.getAttribute("data-info") || "" }) },
    ],
    toDOM: (node) => ["pre", node.attrs.info ? { "data-info": node.attrs.info } : {}, ["code", 0]],
  },
  ordered_list: {
    attrs: { order: { default: 1 }, tight: { default: true } },
    content: "list_item+",
    group: "block",
    parseDOM: [
      {
        tag: "ol",
        getAttrs: (dom) => ({
          order: dom.hasAttribute("start") ? Math.max(0, Number(dom.getAttribute("start")) || 0) : 1,
          tight: dom.getAttribute("data-tight") !== "false",
        }),
      },
    ],
    toDOM: ({ attrs }) => [
      "ol",
      { start: attrs.order === 1 ? null : attrs.order, "data-tight": attrs.tight ? null : "false" },
      0,
    ],
  },
  bullet_list: {
    attrs: { tight: { default: true } },
    content: "list_item+",
    group: "block",
    parseDOM: [{ tag: "ul", getAttrs: (dom) => ({ tight: dom.getAttribute("data-tight") !== "false" }) }],
    toDOM: ({ attrs }) => ["ul", { "data-tight": attrs.tight ? null : "false" }, 0],
  },
  list_item: { content: "block+", defining: true, parseDOM: [{ tag: "li" }], toDOM: () => ["li", 0] },
  text: { group: "inline" },
  // Shown as a chip with the alternative text and never fetched: a text must not make the reader's browser call
  // other servers. It survives editing, so that nothing is lost should the server show it one day.
  image: {
    inline: true,
    attrs: { src: {}, alt: { default: "" }, title: { default: null } },
    group: "inline",
    draggable: true,
    parseDOM: [
      {
        tag: "span[data-image]",
        getAttrs: (dom) => ({
          src: dom.getAttribute("data-image"),
          alt: dom.textContent,
          title: dom.getAttribute("title"),
        }),
      },
    ],
    toDOM: ({ attrs }) => ["span", { class: "composer-image", "data-image": attrs.src, title: attrs.title }, attrs.alt],
    leafText: ({ attrs }) => attrs.alt,
  },
  hard_break: {
    inline: true,
    group: "inline",
    selectable: false,
    linebreakReplacement: true,
    parseDOM: [{ tag: "br" }],
    toDOM: () => ["br"],
    leafText: () => "\n",
  },
  // A cell holds one line, as GFM has it. The column's alignment travels along unseen by the toolbar.
  ...tableNodes({
    tableGroup: "block",
    cellContent: "(text | image)*",
    cellAttributes: {
      align: {
        default: null,
        getFromDOM: (dom) => dom.getAttribute("data-align"),
        setDOMAttr: (value, attrs) => {
          if (value) attrs["data-align"] = value;
        },
      },
    },
  }),
};

const marks = {
  link: {
    attrs: { href: {}, title: { default: null } },
    inclusive: false,
    parseDOM: [
      { tag: "a[href]", getAttrs: (dom) => ({ href: dom.getAttribute("href"), title: dom.getAttribute("title") }) },
    ],
    toDOM: ({ attrs }) => ["a", { href: attrs.href, title: attrs.title }, 0],
  },
  em: { parseDOM: [{ tag: "em" }, { tag: "i" }], toDOM: () => ["em", 0] },
  strong: { parseDOM: [{ tag: "strong" }, { tag: "b" }], toDOM: () => ["strong", 0] },
  strike: { parseDOM: [{ tag: "s" }, { tag: "del" }, { tag: "strike" }], toDOM: () => ["s", 0] },
  code: { code: true, parseDOM: [{ tag: "code" }], toDOM: () => ["code", 0] },
};

export const schema = new Schema({ nodes, marks });
