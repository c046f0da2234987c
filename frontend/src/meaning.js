// What a Markdown text says, as a string to compare: two texts with the same meaning give the same string. It looks
// through what readers cannot see: the order in which bold and italic are nested, and where source lines wrap.
import { tokenizer } from "./markdown.js";

function inlineMeaning(children) {
  const runs = [];
  const open = [];
  const put = (kind, text) => {
    if (kind === "text" && !text) return;
    const marks = [...new Set(open)].sort().join(" ");
    const last = runs.at(-1);
    if (last && kind === "text" && last.kind === kind && last.marks === marks) last.text += text;
    else runs.push({ kind, marks, text });
  };
  children.forEach((token, index) => {
    const target = token.attrs?.filter(([name]) => name !== "alt") ?? [];
    if (token.nesting === 1) open.push(token.tag + (target.length ? JSON.stringify(target) : ""));
    else if (token.nesting === -1) open.pop();
    else if (token.type === "text") put("text", token.content);
    else if (token.type === "softbreak") put("text", " ");
    else if (token.type === "hardbreak") put("break", "");
    else if (token.type === "image") {
      const alt = tokenizer.renderer.renderInlineAsText(token.children ?? [], tokenizer.options, {});
      put("image", JSON.stringify([target, alt]));
    } else put(token.type, token.content);
    // An empty link is something, though there is nothing in it to carry the mark.
    if (token.type === "link_close" && children[index - 1].type === "link_open") put("empty link", "");
  });
  const written = runs.map((run) => {
    const text = run.kind === "text" ? run.text.replace(/[ \t\n]+/g, " ") : run.text;
    return `${run.kind}<${run.marks}>${text}`;
  });
  return written.join("\u0001");
}

export function meaning(markdown) {
  const parts = [];
  for (const token of tokenizer.parse(markdown, {})) {
    if (token.type === "inline") parts.push(inlineMeaning(token.children));
    else if (token.hidden) parts.push("tight");
    else if (token.type === "fence" || token.type === "code_block")
      parts.push(`code ${token.info.trim()}\u0001${token.content.replace(/\n$/, "")}`);
    else parts.push(token.nesting < 0 ? `/${token.tag}` : `${token.tag} ${JSON.stringify(token.attrs ?? [])}`);
  }
  return parts.join("\n");
}
