// Setting and changing links, in a native dialog.
import { TextSelection } from "prosemirror-state";

import { schema } from "./schema.js";

const { link } = schema.marks;

// What people type as an address, or null when it cannot be one. Only the web, mail, telephone and this site.
export function linkAddress(typed) {
  const text = typed.trim();
  if (!text || /[\s<>"]/.test(text)) return null;
  if (/^(?:https?:\/\/[^/]|mailto:.|tel:.)/i.test(text)) return text;
  if (/^(?:\/(?![/\\])|#|\?|\.\.?\/)/.test(text)) return text;
  if (/^[a-z][a-z0-9+.-]*:(?!\d)/i.test(text)) return null;
  if (/^[^@/]+@[^@/]+\.[a-z]{2,}$/i.test(text)) return `mailto:${text}`;
  if (/^[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+(?:[:/?#].*)?$/u.test(text)) return `https://${text}`;
  return null;
}

// The whole link around the cursor, or what is selected.
function target(state) {
  const { from, to, empty, $from } = state.selection;
  const mark = link.isInSet($from.marks()) ?? ($from.nodeAfter && link.isInSet($from.nodeAfter.marks));
  if (!empty || !mark) return { from, to, href: mark && !empty ? mark.attrs.href : "", isLink: Boolean(mark) };
  const start = $from.start();
  let range = null;
  $from.parent.forEach((node, offset) => {
    if (!mark.isInSet(node.marks)) return;
    const begin = start + offset;
    const end = begin + node.nodeSize;
    if (range?.to === begin) range.to = end;
    else if (!range || range.to < from) range = { from: begin, to: end };
  });
  return { ...range, href: mark.attrs.href, isLink: true };
}

export function openLinkDialog(view, labels) {
  const { state } = view;
  if (!state.selection.$from.parent.type.allowsMarkType(link)) return;
  const { from, to, href, isLink } = target(state);
  const make = (name, attributes, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };
  const field = (id, label, attributes) => {
    const input = make("input", { id, class: "form-control", autocomplete: "off", ...attributes });
    return [make("label", { for: id, class: "form-label" }, label), input];
  };
  const button = (label, look) => make("button", { type: "button", class: `btn ${look}` }, label);

  const title = make("h2", { id: "composer-link-title" }, isLink ? labels.linkChange : labels.linkTitle);
  const [addressLabel, address] = field("composer-link-address", labels.linkAddress, {
    inputmode: "url",
    autocapitalize: "none",
    spellcheck: "false",
    "aria-describedby": "composer-link-error",
  });
  const [wordsLabel, words] = field("composer-link-words", labels.linkText, {});
  const error = make("p", { id: "composer-link-error", class: "composer-dialog-error", role: "alert" });
  const apply = make("button", { type: "submit", class: "btn btn-primary" }, labels.linkApply);
  const remove = button(labels.linkRemove, "btn-outline-secondary");
  const cancel = button(labels.linkCancel, "btn-outline-secondary");
  const form = make("form", { method: "dialog", novalidate: "" }, title, addressLabel, address, error);
  if (from === to) form.append(wordsLabel, words);
  form.append(make("div", { class: "composer-dialog-buttons" }, apply, ...(isLink ? [remove] : []), cancel));
  // Outside the page's own form, which must not be sent by Enter in here.
  const dialog = make("dialog", { class: "composer-dialog", "aria-labelledby": "composer-link-title" }, form);
  document.body.append(dialog);
  address.value = href ?? "";

  // At once, not when the browser reports the dialog closed: the next key belongs to the text.
  const finish = () => {
    dialog.close();
    dialog.remove();
    view.focus();
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const found = linkAddress(address.value);
    if (!found) {
      address.setAttribute("aria-invalid", "true");
      error.textContent = labels.linkInvalid;
      address.focus();
      return;
    }
    const tr = view.state.tr;
    const mark = link.create({ href: found });
    if (from === to) {
      const text = words.value.trim() || address.value.trim();
      tr.replaceWith(from, to, schema.text(text, mark.addToSet(view.state.selection.$from.marks())));
      tr.setSelection(TextSelection.create(tr.doc, from + text.length));
    } else tr.removeMark(from, to, link).addMark(from, to, mark);
    view.dispatch(tr.removeStoredMark(link).scrollIntoView());
    finish();
  });
  remove.addEventListener("click", () => {
    view.dispatch(view.state.tr.removeMark(from, to, link));
    finish();
  });
  cancel.addEventListener("click", finish);
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    finish();
  });
  dialog.showModal();
  address.focus();
}
